import Experiments
import Ledger

extension AttemptEntry {
    /// Until its end, or where nobody told of it until `now`.
    func seconds(until now: Timestamp) -> Double {
        Double(max(0, (endedAt ?? now).milliseconds(since: startedAt))) / 1000
    }

    func coreHours(until now: Timestamp) -> Double {
        seconds(until: now) * Double(node.ranks * node.threads) / 3600
    }
}

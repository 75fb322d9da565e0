import Experiments
import Ledger

extension AttemptEntry {
    /// Until its end, or where nobody told of it until this moment.
    func seconds(until horizon: Timestamp) -> Double {
        Double(max(0, (endedAt ?? horizon).milliseconds(since: startedAt))) / 1000
    }

    func coreHours(until horizon: Timestamp) -> Double {
        seconds(until: horizon) * Double(node.ranks * node.threads) / 3600
    }
}

import Experiments

/// Finds out of many what falls due next. What is put off again and again, as the lease of a worker that is heard, costs
/// nothing until it would have been due: whoever takes its alarm out then sets it anew.
struct Alarms<Key: Comparable & Hashable & Sendable>: Sendable {
    private struct Alarm: Comparable, Sendable {
        let time: Timestamp
        let key: Key

        static func < (left: Alarm, right: Alarm) -> Bool { (left.time, left.key) < (right.time, right.key) }
    }

    private var heap = Heap<Alarm>()
    /// Of each the one alarm that counts, which is never later than it falls due.
    private var times: [Key: Timestamp] = [:]

    /// What is due then, or later, unless it has an earlier alarm.
    mutating func set(_ key: Key, at time: Timestamp) {
        if let earlier = times[key], earlier <= time { return }
        times[key] = time
        heap.insert(Alarm(time: time, key: key))
    }

    /// The alarm that counts for one; nil where it has none.
    func time(of key: Key) -> Timestamp? { times[key] }

    var count: Int { times.count }

    /// The earliest alarm.
    var first: (key: Key, time: Timestamp)? { heap.first.map { ($0.key, $0.time) } }

    /// Takes the earliest alarm out.
    mutating func removeFirst() {
        guard let first = heap.removeFirst() else { return }
        if times[first.key] == first.time { times[first.key] = nil }
        while let next = heap.first, times[next.key] != next.time { heap.removeFirst() }
    }
}

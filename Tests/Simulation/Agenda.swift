import Experiments
import Scheduler

/// What will happen, in order of time; at equal times in the order in which it was added.
struct Agenda<Happening> {
    private var heap = Heap<Entry>()
    private var added = 0

    private struct Entry: Comparable {
        let time: Timestamp
        let number: Int
        let happening: Happening

        static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }
        static func < (left: Entry, right: Entry) -> Bool { (left.time, left.number) < (right.time, right.number) }
    }

    mutating func add(_ happening: Happening, at time: Timestamp) {
        added += 1
        heap.insert(Entry(time: time, number: added, happening: happening))
    }

    mutating func next() -> (Timestamp, Happening)? { heap.removeFirst().map { ($0.time, $0.happening) } }
}

package import Experiments

/// Stages shared out to worker groups as these become free: of those whose inputs are there, the one goes first behind
/// which most is left to do, and among equals the one planned first (Graham 1969).
package struct ListSchedule: Sendable {
    private struct Stage {
        /// On a group of each size; infinite where that cannot train it.
        let seconds: [Double]
        var waitsFor = 0
        var followers: [Int] = []
    }

    /// Worker groups of one size.
    struct Pool {
        /// The place of their size.
        let size: Int
        let groups: Int
    }

    struct Course {
        /// From the first stage's beginning to the last one's end; infinite where some stage cannot be trained.
        var seconds = 0.0
        /// In which groups train, by the place of their size.
        var busySeconds: [Double]
    }

    /// Ranks of groups, from few to many.
    let sizes: [Int]
    private var stages: [Stage] = []

    /// - Parameters:
    ///   - planned: each stage after those that it starts from, with its seconds on a group of each size; inputs that are
    ///     not among them are there already.
    ///   - sizes: of groups, from few ranks to many.
    package init(_ planned: [(key: StageKey, inputs: [StageKey], seconds: [Double])], sizes: [Int]) {
        self.sizes = sizes
        var places: [StageKey: Int] = [:]
        for (place, stage) in planned.enumerated() {
            stages.append(Stage(seconds: stage.seconds))
            for input in Set(stage.inputs) {
                guard let source = places[input] else { continue }
                stages[source].followers.append(place)
                stages[place].waitsFor += 1
            }
            places[stage.key] = place
        }
    }

    /// Where all groups are alike.
    package init(_ planned: [(key: StageKey, inputs: [StageKey], seconds: Double)]) {
        self.init(planned.map { ($0.key, $0.inputs, [$0.seconds]) }, sizes: [1])
    }

    var count: Int { stages.count }

    func seconds(of place: Int, size: Int) -> Double { stages[place].seconds[size] }

    /// From the first stage's beginning to the last one's end.
    package func seconds(groups: Int) -> Double {
        course(on: [Pool(size: 0, groups: max(1, groups))], least: [Int](repeating: 0, count: count)).seconds
    }

    /// - Parameter least: for each stage the place of the least size of groups that are to train it.
    func course(on pools: [Pool], least: [Int]) -> Course {
        var course = Course(busySeconds: sizes.map { _ in 0 })
        let left = secondsLeft { stages[$0].seconds[least[$0]] }
        var waitsFor = stages.map(\.waitsFor)
        var ready = sizes.map { _ in Heap<Turn>() }
        for place in stages.indices where waitsFor[place] == 0 {
            ready[least[place]].insert(Turn(left: left[place], place: place))
        }
        var free = pools.map(\.groups)
        var running = Heap<End>()
        while true {
            // The widest groups choose first: some stages are theirs alone.
            for (pool, size) in pools.map(\.size).enumerated().sorted(by: { $0.element > $1.element }) {
                while free[pool] > 0, let place = Self.next(for: size, &ready) {
                    let seconds = stages[place].seconds[size]
                    free[pool] -= 1
                    course.busySeconds[size] += seconds
                    running.insert(End(at: course.seconds + seconds, place: place, pool: pool))
                }
            }
            guard let end = running.popFirst() else { break }
            course.seconds = end.at
            free[end.pool] += 1
            for follower in stages[end.place].followers {
                waitsFor[follower] -= 1
                guard waitsFor[follower] == 0 else { continue }
                ready[least[follower]].insert(Turn(left: left[follower], place: follower))
            }
        }
        if ready.contains(where: { !$0.isEmpty }) { course.seconds = .infinity }
        return course
    }

    /// The longest way through the stages, each on groups of the size that suits it best.
    var criticalSeconds: Double { secondsLeft { stages[$0].seconds.min() ?? 0 }.max() ?? 0 }

    /// Of each stage and of those behind it, along the longest way.
    private func secondsLeft(_ seconds: (Int) -> Double) -> [Double] {
        var left = [Double](repeating: 0, count: count)
        for place in stages.indices.reversed() {
            left[place] = seconds(place) + (stages[place].followers.map { left[$0] }.max() ?? 0)
        }
        return left
    }

    /// A stage for a group of this size: one that is for no smaller groups, where there is one.
    private static func next(for size: Int, _ ready: inout [Heap<Turn>]) -> Int? {
        for least in (0...size).reversed() {
            if let turn = ready[least].popFirst() { return turn.place }
        }
        return nil
    }

    /// A stage that is ready.
    private struct Turn: Comparable {
        let left: Double
        let place: Int

        static func < (one: Turn, other: Turn) -> Bool { (-one.left, one.place) < (-other.left, other.place) }
    }

    /// Of a stage that is trained.
    private struct End: Comparable {
        let at: Double
        let place: Int
        let pool: Int

        static func < (one: End, other: End) -> Bool { (one.at, one.place) < (other.at, other.place) }
    }
}

/// Gives back the least of what was put in.
private struct Heap<Element: Comparable> {
    private var elements: [Element] = []

    var isEmpty: Bool { elements.isEmpty }

    mutating func insert(_ element: Element) {
        elements.append(element)
        var place = elements.count - 1
        while place > 0, elements[place] < elements[(place - 1) / 2] {
            elements.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func popFirst() -> Element? {
        guard let last = elements.popLast() else { return nil }
        guard let first = elements.first else { return last }
        elements[0] = last
        var place = 0
        while true {
            let children = (2 * place + 1..<min(2 * place + 3, max(2 * place + 1, elements.count)))
            guard let child = children.min(by: { elements[$0] < elements[$1] }), elements[child] < elements[place]
            else { return first }
            elements.swapAt(place, child)
            place = child
        }
    }
}

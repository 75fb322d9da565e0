import Experiments
import Files
import Searches
import Testing

/// Searches of every kind over values, scores and failures that a seed decides.
private struct World {
    let search: Search
    private let scores: UInt64

    init(seed: UInt64) {
        var generator = Generator(seed: seed)
        let axes = (1...Int.random(in: 1...2, using: &generator)).map { number in
            let first = Int.random(in: -6 ... -2, using: &generator)
            let count = Int.random(in: 1...3, using: &generator)
            return SearchAxis(key: "x\(number)", values: .numbers((0..<count).map { "1e\(first + $0)" }))
        }
        let isRandom = Bool.random(using: &generator)
        search = Search(
            axes: axes, candidates: isRandom ? .drawn(count: 8, seed: seed) : .grid(growths: Int(seed % 5)),
            halving: seed % 3 == 0 ? Int.random(in: 2...4, using: &generator) : nil)
        scores = generator.next()
    }

    /// What the point turns out to be: one of a few scores, so that many are equal, or a failure.
    func truth(_ point: SearchPoint) -> Verdict {
        let bytes = Array("\(scores)/\(point)/\(point.share)".utf8)
        let draw = UInt64(Digest(of: bytes).hex.prefix(4), radix: 16) ?? 0
        switch draw % 8 {
        case 0: return .failed
        case 1: return point.settings.contains { $0.value.contains("2") } ? .refused("twos are not liked") : .failed
        default: return .score(Double(draw % 8) + (draw % 2 == 0 ? point.number("x1") : 0))
        }
    }

    /// The course once these points are known.
    func course(knowing known: Set<SearchPoint>) -> SearchCourse {
        search.course { point in
            let truth = truth(point)
            // That a point cannot be had is known without trying.
            if case .refused = truth { return truth }
            return known.contains(point) ? truth : .open
        }
    }
}

struct CourseTests {
    @Test(arguments: 0..<400 as Range<UInt64>)
    func `depends neither on the order of results nor on interruptions, repeats no point, and ends`(seed: UInt64) {
        let world = World(seed: seed)
        let whole = world.search.course(world.truth)
        #expect(whole.state != .open)
        #expect(Set(whole.points).count == whole.points.count, "no point twice")
        for order in 0..<2 as Range<UInt64> {
            var generator = Generator(seed: seed &* 2 &+ order)
            var known: Set<SearchPoint> = []
            var course = world.course(knowing: known)
            while let next = course.points.filter({ !known.contains($0) }).randomElement(using: &generator) {
                #expect(course.state == .open, "nothing is decided while a point is tried")
                known.insert(next)
                let later = world.course(knowing: known)
                #expect(later.points.starts(with: course.points) && later.remarks.starts(with: course.remarks))
                #expect(world.course(knowing: known) == later, "equal results have equal courses")
                course = later
            }
            #expect(course == whole)
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `asks for no more than its bounds allow`(seed: UInt64) {
        let world = World(seed: seed)
        let course = world.search.course(world.truth)
        switch world.search.candidates {
        case .drawn(let count, _): #expect(course.points.count <= count * 2)
        case .grid(let growths):
            // Each growth adds at most one value to each end of each axis.
            let most = world.search.axes.map { axis in
                if case .numbers(let values) = axis.values { values.count + 2 * growths } else { 0 }
            }
            #expect(course.points.count <= most.reduce(1, *) * 2)
        }
    }
}

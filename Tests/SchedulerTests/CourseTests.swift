import Experiments
import Reports
import Scheduler
import Simulation
import TestKit
import Testing

/// When sweeps end on groups of several sizes, and who waits for that.
struct CourseTests {
    private static let sizes = [1, 2, 4, 8]

    /// A sweep of several methods on several tasks, most of them short and some long, with five seeds of each. Half of the
    /// methods have two stages, the second of which starts from the first one's head.
    private struct Sample {
        let plan: SweepPlan
        let needs: [StageKey: StageNeeds]

        init(seed: UInt64) throws {
            var generator = Generator(seed: seed)
            var builder = PlanBuilder()
            var alone: [String: Double] = [:]
            let methods = (0..<Int.random(in: 4...12, using: &generator)).map { "method-\($0)" }
            for (place, method) in methods.enumerated() {
                let isLong = generator.chance(0.25)
                alone[method] = Double(Int.random(in: 20...400, using: &generator) * (isLong ? 15 : 1))
                alone["\(method)/1"] = (alone[method] ?? 0) / 10
                alone["\(method)/2"] = alone[method]
                for seed in 1...5 {
                    if place.isMultiple(of: 2) {
                        try builder.add(method, seed: UInt64(100 * place + seed))
                    } else {
                        try builder.addChain(method, seed: UInt64(100 * place + seed))
                    }
                }
            }
            plan = builder.plan
            needs = Dictionary(
                uniqueKeysWithValues: plan.stages.map { stage in
                    let seconds = alone[stage.label] ?? 1
                    return (stage.key, StageNeeds(secondsByRanks: sizes.map { seconds * (0.1 + 0.9 / Double($0)) }))
                })
        }

        /// When it ends, and who waits, on groups of so many ranks each.
        func course(_ ranks: [Int], foretells: Bool = true, fetchSeconds: Double = 0) -> TimedCrowd.Course {
            var crowd = TimedCrowd(plan, needs, ranks: ranks, foretells: foretells, fetchSeconds: fetchSeconds)
            return crowd.run()
        }

        func groupSizes(_ hosts: Int) throws -> GroupSizes {
            let schedule = ListSchedule(
                plan.stages.map { stage in
                    (stage.key, stage.specification.inputs.map(\.from), needs[stage.key]?.secondsByRanks ?? [])
                }, sizes: sizes)
            return try #require(GroupSizes(schedule, on: GroupSizes.Hosts(count: hosts, ranks: 8)))
        }
    }

    @Test func `sweeps end no later on groups of the chosen sizes than on any that are all alike`() throws {
        for hosts in [2, 6, 16] {
            var (chosen, fixed): (TimedCrowd.Course?, [Double]) = (nil, [])
            var (total, best) = (0.0, [Double](repeating: 0, count: 4))
            var (idle, others) = (0.0, [Double](repeating: 0, count: 4))
            for seed in 0..<UInt64(12) {
                let sample = try Sample(seed: seed)
                let sizes = try sample.groupSizes(hosts)
                let courses = sizes.fixed.map { sample.course($0.ranks) }
                chosen = sample.course(sizes.best.ranks)
                fixed = courses.map(\.seconds)
                total += chosen?.seconds ?? 0
                idle += chosen?.secondsIdleAtEnd ?? 0
                for place in courses.indices {
                    best[place] += courses[place].seconds
                    others[place] += courses[place].secondsIdleAtEnd
                }
                print(
                    "seed \(seed) hosts \(hosts): chosen \(sizes.best) \(chosen?.seconds ?? 0) (list \(sizes.best.seconds)); fixed \(fixed)"
                )
            }
            print("hosts \(hosts): chosen \(total) idle \(idle); fixed \(best) idle \(others)")
            #expect(best.allSatisfy { total <= $0 })
        }
    }

    @Test func `on groups of several sizes a sweep ends sooner where it is foretold what stages take`() throws {
        let ranks = Array(repeating: 1, count: 16) + [8, 8]
        var (with, without) = ([TimedCrowd.Course](), [TimedCrowd.Course]())
        for seed in 0..<UInt64(20) {
            let sample = try Sample(seed: seed)
            with.append(sample.course(ranks))
            without.append(sample.course(ranks, foretells: false))
            print("seed \(seed): \(with.last!) \(without.last!)")
        }
        let sum = { (courses: [TimedCrowd.Course], value: (TimedCrowd.Course) -> Double) in
            courses.reduce(0) { $0 + value($1) }
        }
        print(
            sum(with, \.seconds), sum(without, \.seconds), sum(with, \.secondsIdleAtEnd),
            sum(without, \.secondsIdleAtEnd))
        #expect(sum(with, \.seconds) < 0.9 * sum(without, \.seconds))
        #expect(sum(with, \.secondsIdleAtEnd) < 0.9 * sum(without, \.secondsIdleAtEnd))
    }

    @Test func `to hold stages back for the workers that have their heads would gain nothing`() throws {
        var (fetching, free, fetches, finds) = (0.0, 0.0, 0, 0)
        for seed in 0..<UInt64(20) {
            let sample = try Sample(seed: seed)
            let ranks = Array(repeating: 1, count: 16)
            let course = sample.course(ranks, fetchSeconds: 0.5)
            fetching += course.seconds
            free += sample.course(ranks).seconds
            fetches += course.fetches
            finds += course.finds
        }
        print("fetching \(fetching) free \(free) fetches \(fetches) finds \(finds)")
        #expect(fetching < 1.005 * free)
    }
}

extension GroupSizes.Division {
    /// Of each group.
    fileprivate var ranks: [Int] { pools.flatMap { Array(repeating: $0.ranks, count: $0.groups) } }
}

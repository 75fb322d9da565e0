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

    private func sum(_ courses: [TimedCrowd.Course], _ value: (TimedCrowd.Course) -> Double) -> Double {
        courses.reduce(0) { $0 + value($1) }
    }

    @Test(arguments: [2, 6, 16])
    func `sweeps end sooner on groups of the chosen sizes than on groups that are all alike`(hosts: Int) throws {
        let samples = try (0..<UInt64(12)).map { try Sample(seed: $0) }
        var chosen: [TimedCrowd.Course] = []
        var fixed: [[TimedCrowd.Course]] = Self.sizes.map { _ in [] }
        for sample in samples {
            let sizes = try sample.groupSizes(hosts)
            chosen.append(sample.course(sizes.best.ranks))
            for (place, division) in sizes.fixed.enumerated() { fixed[place].append(sample.course(division.ranks)) }
        }
        for courses in fixed {
            #expect(sum(chosen, \.seconds) <= sum(courses, \.seconds))
            #expect(zip(chosen, courses).allSatisfy { $0.seconds < 1.15 * $1.seconds })
        }
        // Groups of one rank wait for the longest stages of all.
        #expect(sum(chosen, \.idle) < 0.6 * sum(fixed[0], \.idle))
        #expect(sum(chosen, \.secondsIdleAtEnd) < 0.25 * sum(fixed[0], \.secondsIdleAtEnd))
    }

    @Test func `on groups of several sizes a sweep ends sooner where it is foretold what stages take`() throws {
        let ranks = Array(repeating: 1, count: 16) + [8, 8]
        let samples = try (0..<UInt64(20)).map { try Sample(seed: $0) }
        let told = samples.map { $0.course(ranks) }
        let untold = samples.map { $0.course(ranks, foretells: false) }
        #expect(sum(told, \.seconds) < 0.8 * sum(untold, \.seconds))
        #expect(sum(told, \.secondsIdleAtEnd) < 0.8 * sum(untold, \.secondsIdleAtEnd))
        #expect(sum(told, \.idle) < 0.7 * sum(untold, \.idle))
        #expect(zip(told, untold).allSatisfy { $0.seconds < 1.05 * $1.seconds })
    }

    @Test func `on groups that are alike the longest chains come first at a sweep's end`() throws {
        let ranks = Array(repeating: 4, count: 12)
        let samples = try (0..<UInt64(20)).map { try Sample(seed: $0) }
        let told = samples.map { $0.course(ranks) }
        let untold = samples.map { $0.course(ranks, foretells: false) }
        #expect(sum(told, \.seconds) < 0.9 * sum(untold, \.seconds))
        #expect(sum(told, \.secondsIdleAtEnd) < 0.5 * sum(untold, \.secondsIdleAtEnd))
    }

    /// A stage that were held back until a worker with its head asks could begin with no more than what fetching the head
    /// takes saved: that is nothing beside the stages.
    @Test func `holding stages back for the workers that have their heads would gain nothing`() throws {
        let ranks = Array(repeating: 1, count: 16)
        let samples = try (0..<UInt64(20)).map { try Sample(seed: $0) }
        let courses = samples.map { $0.course(ranks, fetchSeconds: 0.5) }
        #expect(sum(courses, \.seconds) < 1.001 * sum(samples.map { $0.course(ranks) }, \.seconds))
        #expect(courses.reduce(0) { $0 + $1.finds } > 2 * courses.reduce(0) { $0 + $1.fetches })
    }
}

extension GroupSizes.Division {
    /// Of each group.
    fileprivate var ranks: [Int] { pools.flatMap { Array(repeating: $0.ranks, count: $0.groups) } }
}

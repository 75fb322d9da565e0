package import Experiments
import Messages
package import Scheduler
import TestKit

/// A scheduler and worker groups of any sizes, which take for each stage as long as a group of their ranks takes. Nothing
/// goes wrong there: it shows when a sweep ends, and who waits for that.
package struct TimedCrowd {
    package struct Course: Sendable {
        /// From the first stage's beginning to the last one's end.
        package fileprivate(set) var seconds = 0.0
        /// Of each group from the end of its last stage to the end of the sweep, together.
        package fileprivate(set) var secondsIdleAtEnd = 0.0
        /// The share of the ranks' time in which they train nothing.
        package fileprivate(set) var idle = 0.0
        /// Stages that began with what their worker had to fetch, and those that found all they start from.
        package fileprivate(set) var fetches = 0
        package fileprivate(set) var finds = 0
    }

    private struct Group {
        let id: WorkerID
        let ranks: Int
        var assignment: Assignment?
        var freeAt = Timestamp(rawValue: 0)
        var busySeconds = 0.0
        var held: Set<ArtifactID> = []
    }

    private let needs: [StageKey: StageNeeds]
    private let fetchSeconds: Double
    private var scheduler: Scheduler
    private var groups: [Group]
    private var agenda = Agenda<Int>()
    private var course = Course()

    /// - Parameters:
    ///   - ranks: of each group.
    ///   - foretells: whether the scheduler knows beforehand what stages take.
    ///   - fetchSeconds: what it takes a group to fetch what a stage starts from.
    package init(
        _ plan: SweepPlan, _ needs: [StageKey: StageNeeds], ranks: [Int], foretells: Bool = true,
        fetchSeconds: Double = 0
    ) {
        self.needs = needs
        self.fetchSeconds = fetchSeconds
        var settings = SchedulerSettings()
        // Nobody is silent who trains for long.
        settings.leaseMilliseconds = 1 << 40
        scheduler = Scheduler(settings: settings)
        groups = ranks.enumerated().map { Group(id: WorkerID(rawValue: "group-\($0)"), ranks: $1) }
        let begin = Timestamp(rawValue: 0)
        _ = scheduler.handle(
            .planned(plan, askedAt: begin, known: [:], stored: [], needs: foretells ? needs : [:]), at: begin)
        for (place, group) in groups.enumerated() {
            var node = NodeSettings.test
            (node.host, node.ranks) = ("host-\(place)", group.ranks)
            _ = scheduler.handle(
                .message(FromWorker(.hello(version: protocolVersion, node: node), from: group.id)), at: begin)
        }
        // Who asks first is nobody's choice.
        for place in groups.indices { agenda.add(place, at: begin.advanced(byMilliseconds: Int64(place * 7919 % 100))) }
    }

    package mutating func run() -> Course {
        while let (now, place) = agenda.next() {
            finish(place, at: now)
            let effects = scheduler.handle(.message(FromWorker(.ready, from: groups[place].id)), at: now)
            for case .send(let message, _) in effects {
                switch message {
                case .assign(let assignment): begin(assignment, place, at: now)
                case .idle(let milliseconds): agenda.add(place, at: now.advanced(byMilliseconds: milliseconds))
                default: break
                }
            }
        }
        let end = groups.map(\.freeAt).max() ?? Timestamp(rawValue: 0)
        course.seconds = Double(end.rawValue) / 1000
        course.secondsIdleAtEnd = groups.reduce(0) { $0 + Double(end.milliseconds(since: $1.freeAt)) / 1000 }
        let ranks = groups.reduce(0) { $0 + Double($1.ranks) }
        let busy = groups.reduce(0) { $0 + Double($1.ranks) * $1.busySeconds }
        course.idle = 1 - busy / (ranks * course.seconds)
        return course
    }

    private mutating func begin(_ assignment: Assignment, _ place: Int, at now: Timestamp) {
        var seconds = needs[assignment.stage]?.seconds(onRanks: groups[place].ranks) ?? 0
        let inputs = Set(assignment.inputs.map(\.id))
        if !inputs.isEmpty {
            let isThere = inputs.isSubset(of: groups[place].held)
            course.fetches += isThere ? 0 : 1
            course.finds += isThere ? 1 : 0
            if !isThere { seconds += fetchSeconds }
        }
        groups[place].held.formUnion(inputs)
        groups[place].assignment = assignment
        groups[place].busySeconds += seconds
        groups[place].freeAt = now.advanced(byMilliseconds: Int64(seconds * 1000))
        agenda.add(place, at: groups[place].freeAt)
    }

    private mutating func finish(_ place: Int, at now: Timestamp) {
        guard let assignment = groups[place].assignment else { return }
        groups[place].assignment = nil
        let result = makeResult(
            of: assignment.stage, outputs: assignment.planned.outputs, attempt: assignment.attempt,
            seconds: needs[assignment.stage]?.seconds(onRanks: groups[place].ranks))
        for artifact in result.artifacts {
            _ = scheduler.handle(.stored(artifact.id), at: now)
            groups[place].held.insert(artifact.id)
        }
        let message = FromWorker(.finished(claim: assignment.claim, result: result), from: groups[place].id)
        let effects = scheduler.handle(.message(message), at: now)
        for case .broadcast(.published(let artifact)) in effects {
            for other in groups.indices { groups[other].held.insert(artifact.id) }
        }
    }
}

import Experiments
import Messages
import Scheduler
import Simulation

/// What the scheduler's rules come to where every stage is looked at each time: it is told of the plans, and follows what
/// is recorded.
struct NaiveOrder {
    private var stages: [PlannedStage] = []
    private var plans: [SweepPlan] = []
    private var rounds: [StageKey: Int] = [:]
    private var chains: [StageKey: Int] = [:]
    private var hosts: [WorkerID: String] = [:]
    private var heardAt: [WorkerID: Timestamp] = [:]
    private var recent: [WorkerID: [StageKey]] = [:]
    private var failedOn: [StageKey: [String: Timestamp]] = [:]
    private let settings: SchedulerSettings

    init(settings: SchedulerSettings) { self.settings = settings }

    mutating func add(_ plan: SweepPlan) {
        stages += plan.stages.filter { stage in !stages.contains { $0.key == stage.key } }
        plans.append(plan)
        var seeds: [Cell: Int] = [:]
        for row in plan.rows {
            let round = seeds[row.cell, default: 0]
            seeds[row.cell] = round + 1
            for key in row.stages { rounds[key] = min(round, rounds[key] ?? round) }
        }
        for stage in stages.reversed() {
            chains[stage.key] = 1 + (followers(of: stage.key).compactMap { chains[$0.key] }.max() ?? 0)
            for input in stage.specification.inputs {
                rounds[input.from] = [rounds[stage.key], rounds[input.from]].compactMap(\.self).min()
            }
        }
    }

    private func followers(of key: StageKey) -> [PlannedStage] {
        stages.filter { $0.specification.inputs.contains { $0.from == key } }
    }

    mutating func greet(_ worker: WorkerID, on host: String) { hosts[worker] = host }

    mutating func hear(_ worker: WorkerID, at now: Timestamp) { heardAt[worker] = now }

    mutating func leave(_ worker: WorkerID) { hosts[worker] = nil }

    mutating func take(_ assignment: Assignment, by worker: WorkerID) {
        hold(assignment.planned.specification.inputs.map(\.from), worker)
    }

    mutating func finish(_ stage: StageKey, by worker: WorkerID) {
        if !followers(of: stage).isEmpty { hold([stage], worker) }
    }

    private mutating func hold(_ sources: [StageKey], _ worker: WorkerID) {
        let earlier = (recent[worker] ?? []).filter { !sources.contains($0) }
        recent[worker] = Array((sources + earlier).prefix(4))
    }

    mutating func fail(_ stage: StageKey, by worker: WorkerID, at now: Timestamp) {
        if let host = hosts[worker] { failedOn[stage, default: [:]][host] = now }
    }

    mutating func forgive(_ stage: StageKey) { failedOn[stage] = nil }

    /// The stages that may come next: one of each sweep that has one of the highest priority.
    func next(for worker: WorkerID, _ records: [StageKey: StageRecord], at now: Timestamp) -> Set<StageKey> {
        let ready = stages.filter { stage in
            guard let record = records[stage.key], record.state == .waiting, !record.isPaused else { return false }
            return stage.specification.inputs.allSatisfy { records[$0.from]?.state == .finished }
                && !isBetterElsewhere(stage.key, than: worker, at: now)
        }
        let highest = ready.compactMap { records[$0.key]?.priority }.max()
        let best = plans.compactMap { plan -> StageKey? in
            let members = Set(plan.stages.map(\.key))
            let own = ready.filter { members.contains($0.key) && records[$0.key]?.priority == highest }
            let rank = { (key: StageKey) in (rounds[key] ?? 0, -(chains[key] ?? 0)) }
            guard let least = own.map({ rank($0.key) }).min(by: <) else { return nil }
            let equal = own.filter { rank($0.key) == least }
            return (equal.first { isNear($0.key, to: worker) } ?? equal.first)?.key
        }
        return Set(best)
    }

    private func isNear(_ key: StageKey, to worker: WorkerID) -> Bool {
        (recent[worker] ?? []).contains { followers(of: $0).prefix(16).contains { $0.key == key } }
    }

    private func isBetterElsewhere(_ key: StageKey, than worker: WorkerID, at now: Timestamp) -> Bool {
        let failed = (failedOn[key] ?? [:]).filter {
            now.milliseconds(since: $0.value) < settings.preferenceMilliseconds
        }
        guard let host = hosts[worker], failed[host] != nil else { return false }
        return hosts.contains { other, place in
            failed[place] == nil && now.milliseconds(since: heardAt[other] ?? now) < settings.leaseMilliseconds
        }
    }
}

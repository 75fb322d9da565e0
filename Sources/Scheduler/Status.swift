package import Experiments
package import Messages

extension Scheduler {
    /// - Returns: nil for a stage in none of the plans.
    package func standing(of key: StageKey) -> StageStanding? { stages.named(key)?.standing }

    /// Whether the attempt is one that was given out, and, as long as it runs, to this worker.
    package func hasGiven(_ claim: Claim, to worker: WorkerID) -> Bool {
        guard let record = stages.named(claim.stage)?.record, claim.attempt.rawValue > 0 else { return false }
        guard claim.attempt == record.attempt, let current = record.worker else {
            return claim.attempt <= record.attempt
        }
        return worker == current
    }

    package var stageCount: Int { stages.count }

    /// What is known of every stage, in the order of the plans; for those who look at all of them.
    package var records: [StageRecord] { stages.indices.map { record(of: $0) } }

    private func record(of index: StageIndex) -> StageRecord {
        var record = stages[index].record
        record.progress = record.worker.flatMap { leases[$0]?.progress }
        return record
    }

    /// How many stages of each sweep stand where.
    package var standings: [SweepStanding] { sweeps.map(\.standing) }

    /// The stages that are trained now, in the order of the plans.
    package var running: [RunningStage] {
        leases.values.map(\.stage).sorted().map { RunningStage(stages[$0].planned, record(of: $0)) }
    }
}

/// Why a stage stands where it does.
package enum Explanation: Hashable, Sendable {
    case runs(on: WorkerID, Attempt)
    /// It starts from stages that are not finished.
    case startsFrom([StageKey])
    case isPaused
    /// Everything is there; no worker has asked since, or others come first.
    case waitsForWorker
    case ended(StageState, reason: String?)
}

extension Scheduler {
    /// - Returns: nil for a stage in none of the plans.
    package func explain(_ key: StageKey) -> Explanation? { stages.named(key).map(explain) }

    private func explain(_ stage: Stage) -> Explanation {
        switch stage.standing {
        case .running(let worker): return .runs(on: worker, stage.record.attempt)
        case .waiting:
            let open = stage.inputs.map(\.from).filter { stages[known: $0].state != .finished }
            if !open.isEmpty { return .startsFrom(open) }
            return stage.record.isPaused ? .isPaused : .waitsForWorker
        case .finished, .failed, .setAside, .blocked, .cancelled:
            return .ended(stage.state, reason: stage.standing.reason)
        }
    }
}

extension Scheduler {
    /// The workers that are connected, by their hosts.
    package func workers(at now: Timestamp) -> [WorkerStanding] {
        workers.map { worker, known in
            WorkerStanding(
                worker: worker, node: known.node, stage: leases[worker].map { stages[$0.stage].key },
                secondsSinceHeard: Double(now.milliseconds(since: known.heardAt)) / 1000,
                isDraining: draining.contains(known.node.host))
        }.sorted { ($0.node.host, $0.worker) < ($1.node.host, $1.worker) }
    }

    /// Why each of the selected stages stands where it does, and what would help.
    package func explanations(of selector: StageSelector, at now: Timestamp) -> [StageExplanation] {
        indices(selectedBy: selector).map { index in
            let stage = stages[index]
            let explanation = explain(stage)
            return StageExplanation(
                stage.planned, state: stage.state, reason: reason(explanation, of: stage, at: now),
                remedy: remedy(explanation, of: stage))
        }
    }

    private func reason(_ explanation: Explanation, of stage: Stage, at now: Timestamp) -> String {
        let setback = stage.record.setback.map { "; the last attempt ended: \($0.failure)" } ?? ""
        switch explanation {
        case .runs(let worker, let attempt): return "attempt \(attempt) runs on \(worker)\(setback)"
        case .startsFrom(let sources):
            let names = sources.map { stages[known: $0] }.map {
                "\($0.planned.label) (\($0.key.short), \($0.state.rawValue))"
            }
            return "it starts from \(names.joined(separator: ", "))"
        case .isPaused: return "it is paused"
        case .waitsForWorker:
            let pause = stage.notBefore?.milliseconds(since: now) ?? 0
            guard pause <= 0 else {
                return "its next attempt begins in \((pause + 999) / 1000) s at the earliest\(setback)"
            }
            let cause =
                workers.isEmpty
                ? "no worker is connected" : lack(of: stage, at: now) ?? "all workers are at other stages, or wait"
            return "it is ready; \(cause)\(setback)"
        case .ended(.finished, _): return "it is finished"
        case .ended(_, let reason): return (reason ?? "it has ended") + (reason == nil ? setback : "")
        }
    }

    private func remedy(_ explanation: Explanation, of stage: Stage) -> String? {
        switch explanation {
        case .runs, .startsFrom, .ended(.finished, _): nil
        case .isPaused: "headstart resume --key \(stage.key.short)"
        case .waitsForWorker:
            if workers.isEmpty {
                "start workers: headstart node"
            } else if needsMoreMemory(stage) {
                "start a worker with more memory, or with fewer ranks on the same"
            } else {
                nil
            }
        case .ended(.blocked, _):
            stage.inputs.map { stages[known: $0.from] }.first { $0.state.isFinal && $0.state != .finished }.map {
                "mend the cause, then: headstart retry --key \($0.key.short)"
            }
        case .ended: "mend the cause, then: headstart retry --key \(stage.key.short)"
        }
    }

    /// What no connected worker has for a stage that is ready.
    private func lack(of stage: Stage, at now: Timestamp) -> String? {
        let needs = kind(of: stage).needs
        if needsMoreMemory(stage), let bytes = needs.leastBytes {
            let most = workers.values.compactMap(\.memoryBytes).max() ?? 0
            return "each of its processes needs \(mebibytes(bytes)), and no connected worker's may take more than "
                + mebibytes(most)
        }
        guard workers.values.contains(where: { fits(needs, $0, at: now) }) else {
            return "no connected worker has enough time left for it"
        }
        guard let seat = stage.seats.first else { return nil }
        let isLeft = workers.contains { worker, known in
            leases[worker] == nil && fits(needs, known, at: now) && !isOpen(lanes[Int(seat.lane)], to: known)
        }
        return isLeft ? "a wider worker group is to train it, which ends it sooner" : nil
    }

    private func needsMoreMemory(_ stage: Stage) -> Bool {
        guard let bytes = kind(of: stage).needs.leastBytes else { return false }
        return workers.values.allSatisfy { $0.memoryBytes.map { $0 < bytes } ?? false }
    }

    private func mebibytes(_ bytes: Int) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }
}

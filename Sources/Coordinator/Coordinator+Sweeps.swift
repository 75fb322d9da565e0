import Experiments
import Ledger
import Logging
import Scheduler

/// The sweeps: those it was started with, and those that people hand in.
extension Coordinator {
    func begin(_ sweep: any GrowingPlan, askedAt: Timestamp) throws(CoordinatorError) {
        _ = try add(sweep, askedAt: askedAt)
        try complete(isWaiting: true)
        if let trouble = core.trouble { throw .ledger(trouble.error) }
    }

    /// Goes on with the sweeps that were handed in to an earlier life and have not ended.
    func resumeSubmitted(
        _ prepare: ([String]) throws -> any GrowingPlan
    ) throws(CoordinatorError) {
        let reader = ledger.reader
        for heading in try storing({ () throws(LedgerError) in try reader.headings() }) {
            guard let arguments = heading.arguments,
                try storing({ () throws(LedgerError) in try !reader.hasEnded(heading) })
            else { continue }
            let entry = try storing { () throws(LedgerError) in try reader.entry(heading) }
            guard !plans.contains(entry.plan) else { continue }
            do throws(CoordinatorError) {
                try begin(entry.sweep(arguments, prepare), askedAt: entry.plannedAt)
            } catch .planning(let reason) {
                logger.error(
                    "a sweep that was handed in cannot go on",
                    metadata: ["sweep": "\(entry.plan.name)", "reason": "\(reason)"])
            }
        }
    }

    /// - Returns: the plan as far as what is known leads; nil where the ledger cannot be read at the moment, and nothing
    ///   was added.
    func add(_ sweep: any GrowingPlan, askedAt: Timestamp) throws(CoordinatorError) -> SweepPlan? {
        sweeps.append(Sweep(sweep, askedAt: askedAt))
        do throws(CoordinatorError) {
            try grow(sweeps.count - 1)
        } catch {
            sweeps.removeLast()
            throw error
        }
        guard let plan = sweeps.last?.plan else {
            sweeps.removeLast()
            return nil
        }
        // A sweep that is here already is the same one.
        if let same = sweeps.dropLast().firstIndex(where: { $0.plan == plan }) {
            sweeps.removeLast()
            sweeps[same].askedAt = askedAt
        }
        return plan
    }

    /// Has the sweeps grow that may. They read the ledger for it, so while the store refuses they wait.
    func growDue() throws(CoordinatorError) {
        guard core.trouble == nil else { return }
        for index in sweeps.indices where sweeps[index].isDue { try grow(index) }
    }

    /// Plans a sweep as far as what is known leads. Each stage comes in where the ledger left it, which may lead further.
    func grow(_ index: Int) throws(CoordinatorError) {
        while true {
            var sweep = sweeps[index]
            let plan = try sweep.grow { core.scheduler.standing(of: $0) }
            let known: [StageKey: StageRecord]
            let discarded: Set<ArtifactID>
            do throws(LedgerError) {
                let new = plan?.stages.map(\.key).filter { core.scheduler.standing(of: $0) == nil }
                known = try ledger.reader.touched(of: new ?? [])
                discarded = known.isEmpty ? [] : try ledger.reader.discarded()
            } catch {
                sweeps[index].isDue = true
                return try meet(error)
            }
            sweeps[index] = sweep
            guard let plan else { return }
            transfers.offer(plan)
            let stored = transfers.held(known.values.flatMap { $0.result?.artifacts ?? [] }, besides: discarded)
            let spared = plan.spared(of: discarded, knowing: known)
            try decide(
                .planned(
                    plan, askedAt: sweep.askedAt, known: known, stored: stored.union(spared),
                    needs: settings.needs(plan)))
        }
    }
}

extension SweepEntry {
    /// The sweep again. One that grows is planned anew; of any other the ledger has all.
    fileprivate func sweep(
        _ arguments: [String], _ prepare: ([String]) throws -> any GrowingPlan
    ) throws(CoordinatorError) -> any GrowingPlan {
        guard !plan.searches.isEmpty else { return plan }
        do { return try prepare(arguments) } catch { throw .planning("\(error)") }
    }
}

import Experiments
import Scheduler
import TestKit

/// What people ask for.
extension Simulation {
    mutating func act(at now: Timestamp) throws {
        guard now < faultsEnd else { return }
        agenda.add(.peopleAct, at: now.advanced(byMilliseconds: 30_000))
        guard generator.chance(faults.commands) else { return }
        let key = plan.stages.randomElement(using: &generator)?.key
        let one = StageSelector(key: key?.description)
        let host = "host-\(Int.random(in: 0..<max(1, hosts), using: &generator))"
        let commands: [Command] = [
            .pause(one), .resume(.all), .cancel(one), .retry(one), .retry(.all), .pause(StageSelector(sweep: "second")),
            .setPriority(one, Int.random(in: -1...2, using: &generator)), .drain(host: host), .welcome(host: host),
            .setWeight(sweep: coordinator.sweeps.first.name, [0.5, 1, 3].randomElement(using: &generator) ?? 1),
        ]
        tally[.commands] += 1
        switch commands.randomElement(using: &generator) ?? .resume(.all) {
        case .welcome: try welcome(at: now)
        case let command:
            if case .drain = command, isReachable(at: now) { tally[.drains] += 1 }
            try obey(command, at: now)
        }
    }

    /// The hosts that had to leave come back.
    mutating func welcome(at now: Timestamp) throws {
        guard isReachable(at: now) else { return }
        for host in (coordinator.scheduler?.draining ?? []).sorted() {
            try obey(.welcome(host: host), at: now)
            if !workers.values.contains(where: { $0.host == host }) { bear(on: host, at: now) }
        }
    }

    mutating func handIn(at now: Timestamp) throws {
        guard coordinator.sweeps.second != nil else { return }
        guard isReachable(at: now), !coordinator.isInTrouble else {
            return agenda.add(.sweepIsHandedIn, at: now.advanced(byMilliseconds: 1_000))
        }
        guard !coordinator.hasSecond else { return }
        trace?.note("people hand in a second sweep", at: now)
        perform(try coordinator.handIn(isFull: isStoreFullUntil > now, at: now, trace: &trace), at: now)
    }

    func isReachable(at now: Timestamp) -> Bool { coordinator.scheduler != nil && isCoordinatorFrozenUntil <= now }

    /// Everything is well from now on: what people held back goes on, and what had failed is tried again.
    mutating func mend(at now: Timestamp) throws {
        guard isReachable(at: now), !coordinator.isInTrouble, isStoreFullUntil <= now,
            coordinator.hasSecond || coordinator.sweeps.second == nil
        else { return agenda.add(.faultsEnd, at: now.advanced(byMilliseconds: 1_000)) }
        try welcome(at: now)
        try obey(.resume(.all), at: now)
        if isRetried { try obey(.retry(isMended ? StageSelector(state: .cancelled) : .all), at: now) }
        // Everyone may have been sent home before, or be about to be.
        if isRetried || workers.isEmpty || wasDismissed { bear(on: "host-0", at: now) }
        isMended = true
        // Stages that are planned later may be held back from an earlier life.
        if !coordinator.isGrown { agenda.add(.faultsEnd, at: now.advanced(byMilliseconds: 60_000)) }
    }

    mutating func obey(_ command: Command, at now: Timestamp) throws {
        // Whoever asks a store in trouble is told to ask again.
        guard isReachable(at: now), !coordinator.isInTrouble else { return }
        trace?.note("people say \(command)", at: now)
        let isFull = isStoreFullUntil > now
        perform(try coordinator.obey(command, isFull: isFull, at: now, trace: &trace), at: now)
    }
}

import Experiments
import Messages
import Worker

/// Workers, what their groups train, and what befalls them.
extension Simulation {
    // MARK: Workers

    mutating func bear(on host: String, at now: Timestamp) {
        births += 1
        let id = WorkerID(rawValue: "worker-\(births)")
        workers[id] = SimulatedWorker(id, on: host, at: now)
        trace?.note("\(id) is born on \(host)", at: now)
        tell(id, .tick, at: now)
        if now < faultsEnd { agenda.add(.fateStrikes(id), at: now.advanced(byMilliseconds: 3_000)) }
    }

    /// Tells a worker's dialogue of an event and does what comes of it.
    mutating func tell(_ id: WorkerID, _ event: DialogueEvent, at now: Timestamp) {
        var isDamaged = false
        if case .message(.chunk, _) = event { isDamaged = strikes(faults.damages, at: now) }
        if isDamaged { tally[.damaged] += 1 }
        let isFull = strikes(faults.isFull, at: now) || workers[id].map { $0.isDiskFullUntil > now } ?? false
        let wishes = workers[id]?.handle(event, natures, damages: isDamaged, isFull: isFull, at: now) ?? []
        objections += workers[id]?.objections ?? []
        for wish in wishes {
            switch wish {
            case .say(let message): say(message, at: now)
            case .train: planStep(id, at: now)
            case .stop:
                agenda.add(
                    .groupSteps(id, training: workers[id]?.trainings ?? 0),
                    at: now.advanced(byMilliseconds: generator.milliseconds(10...2_000)))
            case .end(let ending): end(id, ending, at: now)
            }
        }
        setAlarm(id, at: now)
    }

    mutating func say(_ message: FromWorker, at now: Timestamp) {
        var message = message
        if case .hello(_, let node, _) = message.body, now < faultsEnd, outdated.contains(node.host) {
            message = FromWorker(.hello(version: "headstart/0", node: node), from: message.worker)
        }
        if strikes(faults.isUnsent, at: now) {
            tally[.unsent] += 1
            tell(message.worker, .unsent(message.body), at: now)
        } else {
            transmit(.reachesCoordinator(message), with: message.worker, at: now)
        }
    }

    mutating func setAlarm(_ id: WorkerID, at now: Timestamp) {
        guard let worker = workers[id], worker.alarm.map({ worker.wakeAt < $0 }) ?? true else { return }
        let alarm = max(worker.wakeAt, now.advanced(byMilliseconds: 1))
        workers[id]?.alarm = alarm
        agenda.add(.workerWakes(id), at: alarm)
    }

    /// What was to be done then may have been put off since.
    mutating func wake(_ id: WorkerID, at now: Timestamp) {
        guard let worker = workers[id], let alarm = worker.alarm, alarm <= now else { return }
        workers[id]?.alarm = nil
        if worker.wakeAt <= now { tell(id, .tick, at: now) } else { setAlarm(id, at: now) }
    }

    // MARK: Groups

    mutating func planStep(_ id: WorkerID, at now: Timestamp) {
        guard let worker = workers[id], let training = worker.training else { return }
        let next = min(training.endsAt, now.advanced(byMilliseconds: 5_000))
        agenda.add(.groupSteps(id, training: worker.trainings), at: next)
    }

    mutating func step(_ id: WorkerID, _ number: Int, at now: Timestamp) {
        guard let worker = workers[id], worker.trainings == number, let training = worker.training else { return }
        let assignment = training.assignment
        if training.isStuck {
            // Its threads may go on talking.
            tell(id, .said("a warning"), at: now)
            return agenda.add(.groupSteps(id, training: number), at: now.advanced(byMilliseconds: 60_000))
        }
        if !training.shouldStop, strikes(faults.sticks, at: now) {
            tally[.stuck] += 1
            trace?.note("the group of \(id) is stuck", at: now)
            workers[id]?.getStuck()
        } else if now < faultsEnd, unfit.contains(worker.host) {
            conclude(id, .failed(Self.unfitHost), at: now)
        } else if training.shouldStop {
            conclude(id, .failed(StageFailure(.stopped, "stopped")), at: now)
        } else if worker.isDiskFullUntil > now {
            conclude(id, .failed(Self.fullDisk), at: now)
        } else if strikes(faults.failsOnNode, at: now) {
            conclude(id, .failed(Self.nodeFault), at: now)
        } else if training.endsAt > now {
            if !training.hasEvaluated {
                workers[id]?.noteEvaluation()
                tell(id, .report(.evaluated(Evaluation(step: 1, epoch: 0.5, trainingLoss: 0.7, scores: []))), at: now)
                tell(id, .report(.noted("step 1")), at: now)
                tell(id, .drew(Self.curve), at: now)
            }
            let loss = strikes(faults.losesNumbers, at: now) ? Double.nan : 0.7
            tell(id, .worked(StageProgress(step: 1, steps: 10, loss: loss, tokensPerSecond: 100)), at: now)
            planStep(id, at: now)
        } else {
            switch natures[assignment.stage] {
            case .poison: crash(id, at: now)
            case .faulty: conclude(id, .failed(StageFailure(.diverged, "the loss is not finite")), at: now)
            case .good, nil:
                let planned = assignment.planned
                // Few scores, so that some are equal.
                let score = Double(planned.specification.seed * 7 % 5) / 5
                let result = makeResult(
                    of: assignment.stage, outputs: planned.outputs.union(planned.keptIfBest),
                    attempt: assignment.attempt, score: score)
                conclude(id, .trained(result), at: now)
            }
        }
    }

    mutating func conclude(_ id: WorkerID, _ report: Report, at now: Timestamp) {
        workers[id]?.endTraining()
        tell(id, .report(report), at: now)
    }

    // MARK: Fates

    mutating func strike(_ id: WorkerID, at now: Timestamp) {
        guard now < faultsEnd, workers[id] != nil else { return }
        if generator.chance(faults.crashes) { return crash(id, at: now) }
        if hosts > 1, generator.chance(faults.dies) {
            hosts -= 1
            tally[.deaths] += 1
            trace?.note("the host of \(id) dies", at: now)
            workers[id] = nil
            return
        }
        if generator.chance(faults.freezes) {
            let thaw = now.advanced(byMilliseconds: generator.milliseconds(5_000...200_000))
            tally[.freezes] += 1
            trace?.note("\(id) freezes until \(Double(thaw.rawValue) / 1000)", at: now)
            workers[id]?.isFrozenUntil = thaw
        }
        if generator.chance(faults.cutsOff) {
            let healed = now.advanced(byMilliseconds: generator.milliseconds(20_000...150_000))
            tally[.cutOffs] += 1
            trace?.note("\(id) is cut off until \(Double(healed.rawValue) / 1000)", at: now)
            workers[id]?.isCutOffUntil = healed
        }
        if generator.chance(faults.fillsDisk) {
            let freed = now.advanced(byMilliseconds: generator.milliseconds(5_000...100_000))
            tally[.fullDisks] += 1
            trace?.note("the disk of \(id) is full until \(Double(freed.rawValue) / 1000)", at: now)
            workers[id]?.isDiskFullUntil = freed
        }
        if generator.chance(faults.leaves) {
            tally[.departures] += 1
            trace?.note("\(id) is asked to leave", at: now)
            tell(id, .leave, at: now)
        }
        agenda.add(.fateStrikes(id), at: now.advanced(byMilliseconds: 3_000))
    }

    mutating func crash(_ id: WorkerID, at now: Timestamp) {
        guard let worker = workers.removeValue(forKey: id) else { return }
        tally[.workerCrashes] += 1
        trace?.note("\(id) crashes", at: now)
        bearAgain(on: worker.host, at: now)
    }

    /// Whoever is dismissed is done; every other group is started again.
    mutating func end(_ id: WorkerID, _ ending: Ending, at now: Timestamp) {
        guard let worker = workers.removeValue(forKey: id) else { return }
        trace?.note("\(id) ends: \(ending)", at: now)
        if ending != .dismissed { bearAgain(on: worker.host, at: now) }
    }

    mutating func bearAgain(on host: String, at now: Timestamp) {
        agenda.add(.workerIsBorn(host: host), at: now.advanced(byMilliseconds: generator.milliseconds(1_000...30_000)))
    }
}

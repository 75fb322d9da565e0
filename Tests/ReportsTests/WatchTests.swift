import Experiments
import Reports
import Testing

/// The frames of `headstart watch`, and what people are told without looking.
struct WatchTests {
    private func report(_ sample: Sample, running: Int = 1, resting: [RestingHost] = []) -> CoordinatorReport {
        let stages = sample.plan.stages.filter { $0.task == "cola" }.prefix(running).enumerated().map { place, stage in
            RunningStage(
                stage,
                StageRecord(
                    key: stage.key, standing: .running(on: WorkerID(rawValue: "node\(place)-1")), attempts: 1,
                    progress: StageProgress(step: 100, steps: 804, loss: 0.61234, tokensPerSecond: 1912.6)))
        }
        let workers = stages.map { stage in
            WorkerStanding(
                worker: stage.worker ?? WorkerID(rawValue: ""),
                node: NodeSettings(ranks: 1, threads: 2, host: "node0", blasCore: "Zen"), stage: stage.key,
                secondsSinceHeard: 1.4, isDraining: false)
        }
        return CoordinatorReport(
            sweeps: [SweepStanding(name: "small", states: ["running": 1, "finished": 5])], running: stages,
            workers: workers, resting: resting)
    }

    private func frame(
        _ sample: Sample, _ report: CoordinatorReport?, columns: Int = 80, rows: Int? = 24, withTable: Bool = true
    ) -> WatchFrame {
        var curves = LossCurves()
        for step in 1...40 {
            curves.look(
                at: (report?.running ?? []).map { stage in
                    RunningStage(
                        sample.plan.stages.first { $0.key == stage.key } ?? sample.plan.stages[0],
                        StageRecord(
                            key: stage.key,
                            progress: StageProgress(step: step, steps: 804, loss: 1 / Double(step), tokensPerSecond: 1))
                    )
                })
        }
        return WatchFrame(
            WatchView(withTable ? sample.underWay : nil, report, curves, time: "16:50:03"), columns: columns, rows: rows
        )
    }

    @Test func `a terminal of 80 by 24 shows table, curve, hosts and failures`() throws {
        let sample = try Sample()
        let frame = frame(sample, report(sample))
        #expect(
            frame.lines == [
                "small on tiny                                                           16:50:03",
                "██████████░░░░░░░░░░ 6/12 stages, 1 without a result, 1 worker group, about 26 m",
                "",
                "          cb         cola",
                "────────  ─────────  ────",
                "finetune  ●●  85.00  ▸·",
                "eh_ft     ●✗  75.00  ··",
                "",
                "⢹⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀  cola finetune seed 1",
                "⠸⡄⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀    step 100/804, loss 0.6123",
                "⠀⠉⠓⠦⠤⠤⠤⣄⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⠀⠀⠀⠀⠀⠀    1913 tokens/s on node0-1",
                "",
                "node0: 1 of 1 group at work, 1913 tokens/s, heard 1 s ago",
                "",
                "✗ cb eh_ft/2 seed 2, 81687ef7dc: the loss is not finite at step 3",
                "",
                "",
                "",
                "",
                "",
                "",
                "",
                "",
                "q leaves; the sweep goes on.",
            ])
    }

    @Test(arguments: [(80, 24), (40, 10), (20, 5), (200, 60), (80, 1)])
    func `a frame has as many lines as the terminal, and none is wider`(columns: Int, rows: Int) throws {
        let sample = try Sample(methods: ["finetune", "eh_ft", "a", "bb", "cccc", "ddddd"], seeds: Array(1...12))
        let frame = frame(sample, report(sample, running: 9), columns: columns, rows: rows)
        #expect(frame.lines.count == rows)
        #expect(frame.lines.allSatisfy { $0.count <= columns })
        #expect(frame.lines.last?.hasPrefix("q leaves") == true)
    }

    @Test func `what does not fit is counted, and the table stays`() throws {
        let sample = try Sample()
        let lines = frame(sample, report(sample, running: 4), rows: 16).lines
        #expect(lines.contains { $0.hasPrefix("eh_ft ") } && lines.contains { $0.hasPrefix("… ") }, "\(lines)")
    }

    @Test func `a coordinator alone is shown without a table, a store alone without what runs`() throws {
        let sample = try Sample()
        let elsewhere = frame(sample, report(sample), rows: nil, withTable: false).lines
        #expect(
            elsewhere[0].hasPrefix("small: 1 running, 5 finished ")
                && elsewhere.contains { $0.contains("node0: 1 of 1 group") })
        let alone = frame(sample, nil, rows: nil).lines
        #expect(alone[0].contains("no coordinator works on it") && !alone.contains { $0.contains("q leaves") })
        let rests = report(sample, resting: [RestingHost(host: "b", seconds: 30, faults: 2, reason: "no memory")])
        #expect(frame(sample, rests).lines.contains("b: rests for 30 s; no memory"))
    }

    @Test func `a curve of a stage that begins anew begins anew`() throws {
        let sample = try Sample()
        let stage = sample.plan.stages[0]
        func running(_ step: Int, _ loss: Double) -> [RunningStage] {
            [
                RunningStage(
                    stage,
                    StageRecord(
                        key: stage.key, progress: StageProgress(step: step, steps: 9, loss: loss, tokensPerSecond: 1)))
            ]
        }
        func curve(_ looks: [(Int, Double)]) -> String {
            var curves = LossCurves()
            for (step, loss) in looks { curves.look(at: running(step, loss)) }
            let report = CoordinatorReport(sweeps: [], running: running(1, 1), workers: [])
            let lines = WatchFrame(WatchView(nil, report, curves, time: ""), columns: 80, rows: nil).lines
            return lines.filter { $0.unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) } }.joined()
        }
        #expect(curve([(1, 3), (2, 1), (1, 2)]) == curve([(1, 2)]))
        #expect(curve([(1, 3), (2, 1)]) != curve([(1, 2)]))
        #expect(!curve((1...5000).map { ($0, 1 / Double($0)) }).isEmpty)
    }

    // MARK: - Notices

    private func snapshot(_ sample: Sample, finished: Int, failed: Int = 0, step: Int = 0) -> SweepSnapshot {
        SweepSnapshot(
            sample.plan,
            sample.plan.stages.enumerated().map { place, stage in
                if place < failed {
                    return StageRecord(key: stage.key, standing: .failed(StageFailure(.diverged, "not finite")))
                }
                if place < failed + finished { return Sample.finished(stage.key, [Sample.accuracy(0.5)]) }
                return StageRecord(
                    key: stage.key, progress: StageProgress(step: step, steps: 9, loss: 1, tokensPerSecond: 1))
            })
    }

    @Test func `failures and the end are told once, and nothing that was so at the first look`() throws {
        let sample = try Sample()
        var watch = NoticeWatch(stallSeconds: 900)
        let now = Timestamp(rawValue: 1000)
        #expect(watch.look(at: snapshot(sample, finished: 2, failed: 1), now).isEmpty)
        #expect(watch.look(at: snapshot(sample, finished: 2, failed: 1), now).isEmpty)
        let failure = watch.look(at: snapshot(sample, finished: 2, failed: 3), now)
        #expect(
            failure.map(\.event) == [.failure] && failure[0].failed == 3
                && failure[0].stage == sample.plan.stages[1].key)
        #expect(failure[0].sentence.hasSuffix("failed: not finite, and 1 more stage"), "\(failure)")
        let end = watch.look(at: snapshot(sample, finished: 9, failed: 3), now)
        #expect(end.map(\.event) == [.end] && end[0].sentence == "small has ended: 9 of 12 stages finished, 3 failed")
        #expect(watch.look(at: snapshot(sample, finished: 9, failed: 3), now).isEmpty)
        var late = NoticeWatch(stallSeconds: 900)
        #expect(late.look(at: snapshot(sample, finished: 12), now).isEmpty)
    }

    @Test func `a sweep that stands still is told once each time`() throws {
        let sample = try Sample()
        var watch = NoticeWatch(stallSeconds: 60)
        func look(_ second: Int64, step: Int) -> [Notice.Event] {
            watch.look(at: snapshot(sample, finished: 2, step: step), Timestamp(rawValue: second * 1000)).map(\.event)
        }
        #expect(look(0, step: 1) == [] && look(59, step: 1) == [] && look(60, step: 1) == [.stall])
        #expect(look(600, step: 1) == [] && look(601, step: 2) == [] && look(660, step: 2) == [])
        #expect(look(661, step: 2) == [.stall])
    }

    @Test func `what a person holds back does not stand still, and is waited for anew after that`() throws {
        let sample = try Sample()
        var watch = NoticeWatch(stallSeconds: 60)
        func look(_ second: Int64, isPaused: Bool) -> [Notice.Event] {
            let stages = sample.plan.stages.map { StageRecord(key: $0.key, isPaused: isPaused) }
            return watch.look(at: SweepSnapshot(sample.plan, stages), Timestamp(rawValue: second * 1000)).map(\.event)
        }
        #expect(look(0, isPaused: true) == [] && look(600, isPaused: true) == [])
        #expect(look(659, isPaused: false) == [] && look(660, isPaused: false) == [.stall])
    }
}

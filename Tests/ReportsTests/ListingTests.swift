import Experiments
import Files
import Reports
import Testing

struct ListingTests {
    @Test func `the plan sums up the seeds of a stage and says what it starts from`() throws {
        #expect(
            PlanListing(try Sample().underWay).text() == """
                small on tiny: 8 runs are 12 stages, each once

                task  stage     tunes       lr  steps  seeds  done  starts from
                ────  ────────  ──────  ──────  ─────  ─────  ────  ───────────────
                cb    finetune  all       8e-5     24      2     2  pretrained
                cb    eh_ft/1   bitfit  0.0005      2      2     2  pretrained
                cb    eh_ft/2   all       2e-5     22      2    1!  head of eh_ft/1
                cola  finetune  all       8e-5    804      2     0  pretrained
                cola  eh_ft/1   bitfit  0.0005     80      2     0  pretrained
                cola  eh_ft/2   all       2e-5    724      2     0  head of eh_ft/1

                5 of 12 stages are done; 3216 of 3312 steps are left, about 26 min for one worker group
                """)
    }

    @Test func `the plan says what multiplies in bf16`() throws {
        let plan = try Sample().plan
        let lastLine = { (isRounded: (PlannedStage) -> Bool) in
            let stages = plan.stages.map { stage in
                var recipe = stage.specification.recipe
                recipe.precision = isRounded(stage) ? .bf16 : .fp32
                let old = stage.specification
                return PlannedStage(
                    key: stage.key,
                    specification: StageSpecification(
                        backbone: old.backbone, task: old.task, recipe: recipe, seed: old.seed, inputs: old.inputs),
                    task: stage.task, label: stage.label, outputs: stage.outputs)
            }
            let changed = SweepPlan(
                name: plan.name, model: plan.model, dataDirectory: plan.dataDirectory, tasks: plan.tasks,
                stages: stages, rows: plan.rows)
            return PlanListing(SweepSnapshot(changed, [])).text().split(separator: "\n").last
        }
        #expect(lastLine { _ in true } == "products are in bf16")
        #expect(lastLine { $0.task == "cb" } == "products of 6 stages are in bf16")
        #expect(lastLine { _ in false } == "0 of 12 stages are done; 3312 of 3312 steps are left")
    }

    @Test func `a shared stage says whom it serves`() throws {
        let plan = try Sample().plan
        let first = plan.rows[2]
        let also = SweepRow(task: "cb", method: "other", seed: 1, stages: [first.stages[0]])
        let shared = SweepPlan(
            name: plan.name, model: plan.model, dataDirectory: plan.dataDirectory, tasks: plan.tasks,
            stages: plan.stages, rows: plan.rows + [also])
        let lines = PlanListing(SweepSnapshot(shared, [])).text().split(separator: "\n")
        #expect(lines[4].hasSuffix("pretrained; serves other too"))
        #expect(lines.last == "0 of 12 stages are done; 3312 of 3312 steps are left")
    }

    @Test func `time is estimated from what is like it and has ended`() throws {
        // Each step took half a second: 3216 steps, 100 of them done already.
        #expect(try Sample().underWay.secondsLeft() == 3116 * 0.5)
        let sample = try Sample()
        let probe = Sample.finished(sample.keys("cb", "eh_ft/1")[0], [])
        #expect(SweepSnapshot(sample.plan, [probe]).secondsLeft() == nil, "nothing that tunes all has ended")
    }

    @Test func `a stage that runs knows better than its plan how many steps it has`() throws {
        let plan = try Sample(methods: ["finetune"], seeds: [1]).plan
        let (first, second) = (plan.stages[0].key, plan.stages[1].key)
        let running = StageRecord(
            key: second, standing: .running(on: WorkerID(rawValue: "here-1")), attempts: 1,
            progress: StageProgress(step: 10, steps: 30, loss: 0.5, tokensPerSecond: 100))
        #expect(SweepSnapshot(plan, [Sample.finished(first, []), running]).secondsLeft() == 20 * 0.5)
    }

    @Test func `the status counts states, shows what runs, and tells what failed, the last first`() throws {
        let text = StatusListing(try Sample().underWay, quiet, isWorkedOn: true).text()
        let keys = (try Sample().keys("cb", "eh_ft/2")[1].short, try Sample().keys("cola", "finetune")[1].short)
        #expect(
            text == """
                small: 12 stages, 5 waiting, 1 running, 5 finished, 1 failed; about 26 min of work for one worker group

                running   task  seed  attempt     step    loss  tokens/s  worker
                ────────  ────  ────  ───────  ───────  ──────  ────────  ───────
                finetune  cola     1        2  100/804  0.6123      1913  node3-1

                setbacks and failures, the last first:
                  failed  cb eh_ft/2 seed 2, attempt 1, \(keys.0): the loss is not finite at step 3
                  waiting  cola finetune seed 2, attempt 1, \(keys.1): worker node7 was not heard of for 30 s
                """)
    }

    /// A coordinator that says no more than the ledger.
    private var quiet: CoordinatorReport { CoordinatorReport(sweeps: [], running: [], workers: []) }

    @Test func `nothing runs where no coordinator works`() throws {
        let listing = StatusListing(try Sample().underWay, nil, isWorkedOn: false)
        #expect(listing.running.isEmpty && !listing.isWorkedOn)
        let heading =
            "small: 12 stages, 5 waiting, 5 finished, 1 failed, 1 interrupted; no coordinator works on it; about"
        #expect(listing.text().hasPrefix(heading), "\(listing.text())")
    }

    @Test func `what runs is not called dead because its coordinator is slow to answer`() throws {
        let listing = StatusListing(try Sample().underWay, nil, isWorkedOn: true)
        #expect(listing.states["running"] == 1 && listing.running.count == 1 && !listing.hasEnded)
        #expect(!listing.text().contains("no coordinator works on it"))
    }

    @Test func `hosts that drain or rest are shown though none of their workers is there`() throws {
        let resting = RestingHost(host: "node4", seconds: 12.4, faults: 2, reason: "train.tsv: cannot read")
        let report = CoordinatorReport(
            sweeps: [], running: [], workers: [], draining: ["node3"], resting: [resting])
        let expected = """
            no worker is connected
            node3 drains; headstart drain node3 --undo welcomes it again
            node4 rests for 12 s, after 2 failures in a row: train.tsv: cannot read
            """
        #expect(CoordinatorListing(report).workers == expected)
    }

    @Test func `a coordinator's word on what runs counts, and tells who works`() throws {
        let sample = try Sample()
        let key = try #require(StatusListing(sample.underWay, quiet, isWorkedOn: true).running.first).key
        let stage = try #require(sample.plan.stages.first { $0.key == key })
        let record = StageRecord(
            key: key, standing: .running(on: WorkerID(rawValue: "node3-1")), attempts: 2,
            progress: StageProgress(step: 700, steps: 804, loss: 0.5, tokensPerSecond: 2000))
        let worker = WorkerStanding(
            worker: WorkerID(rawValue: "node3-1"),
            node: NodeSettings(ranks: 4, threads: 2, host: "node3", blasCore: "x"), stage: key, secondsSinceHeard: 3,
            isDraining: true)
        let report = CoordinatorReport(
            sweeps: [SweepStanding(name: "small", states: ["running": 1, "waiting": 2])],
            running: [RunningStage(stage, record)], workers: [worker], trouble: "the disk is full")
        #expect(StatusListing(sample.underWay, report, isWorkedOn: true).text().contains("700/804"))
        let light = CoordinatorReport(
            sweeps: [SweepStanding(name: "small", states: ["waiting": 2], weight: 0.5)], running: [], workers: [])
        #expect(CoordinatorListing(light).text.hasPrefix("small: 2 stages, 2 waiting; weight 0.5\n"))
        let lines = CoordinatorListing(report).text.split(separator: "\n")
        #expect(lines.first == "small: 3 stages, 2 waiting, 1 running")
        #expect(lines.dropFirst().first?.hasSuffix("until the store can be written: the disk is full") == true)
        let last = try #require(lines.last)
        #expect(last.hasPrefix("node3") && last.contains("cola finetune seed 1 (then it leaves)"))
        #expect(last.contains("2000") && last.contains("3 s ago"))
    }

    @Test func `a sweep with another share than most says so`() throws {
        let snapshot = try Sample().underWay
        let summary = SweepSummary(snapshot.plan, snapshot.stages)
        let heading = { (weight: Double?) in
            StatusListing(summary, secondsLeft: nil, weight: weight, nil, isWorkedOn: false).text().split(
                separator: "\n")[0]
        }
        #expect(heading(2).contains("; weight 2; no coordinator works on it"))
        #expect(!heading(nil).contains("weight"))
    }

    @Test func `more failures than are shown are counted`() throws {
        let lines = StatusListing(try Sample().underWay, quiet, isWorkedOn: true).text(failureLimit: 1).split(
            separator: "\n")
        #expect(lines.last == "  and 1 more")
    }

    /// What a terminal would otherwise break wherever it is full.
    @Test(arguments: [34, 40, 60, 80]) func `a narrow terminal gets narrow lines`(width: Int) throws {
        let plan = PlanListing(try Sample().underWay)
        let status = StatusListing(try Sample().underWay, quiet, isWorkedOn: true)
        for (narrow, wide) in [
            (plan.text(width: width), plan.text()), (status.text(width: width), status.text()),
        ] {
            for line in narrow.split(separator: "\n") { #expect(line.count <= width, "\(line)") }
            let words = { (text: String) in Set(text.split { $0 == " " || $0 == "\n" }.filter { $0.first != "─" }) }
            #expect(words(narrow) == words(wide), "no word is broken and none is lost")
        }
    }

    @Test func `one of a thing is one`() throws {
        let plan = try Sample(methods: ["finetune"], seeds: [1]).plan
        let one = SweepPlan(
            name: plan.name, model: plan.model, dataDirectory: plan.dataDirectory, tasks: plan.tasks,
            stages: [plan.stages[0]], rows: [plan.rows[0]])
        #expect(PlanListing(SweepSnapshot(one, [])).text().hasPrefix("small on tiny: 1 run is 1 stage, each once\n"))
        #expect(PlanListing.stageCount(one) == "1 stage")
        #expect(
            StatusListing(SweepSnapshot(one, []), nil, isWorkedOn: true).text().hasPrefix("small: 1 stage, 1 waiting"))
    }

    @Test func `what is not known is null`() throws {
        let fresh = SweepSnapshot(try Sample().plan, [])
        let plan = String(decoding: try CanonicalJSON.encode(PlanListing(fresh)), as: UTF8.self)
        #expect(plan.contains(#""secondsLeft":null"#))
        let status = String(
            decoding: try CanonicalJSON.encode(StatusListing(fresh, nil, isWorkedOn: false)), as: UTF8.self)
        #expect(status.contains(#""secondsLeft":null"#) && status.contains(#""trouble":null"#))
    }

    @Test func `listings have stable json`() throws {
        let status = String(
            decoding: try CanonicalJSON.encode(StatusListing(Sample().underWay, quiet, isWorkedOn: true)), as: UTF8.self
        )
        #expect(status.contains(#""states":{"failed":1,"finished":5,"running":1,"waiting":5}"#))
        let plan = String(decoding: try CanonicalJSON.encode(PlanListing(Sample().underWay)), as: UTF8.self)
        #expect(plan.contains(#""stage":"eh_ft/2","steps":22,"task":"cb","tune":"all"}"#))
    }
}

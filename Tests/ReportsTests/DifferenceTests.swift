import Experiments
import Files
import Reports
import Testing

struct DifferenceTests {
    private static let digest = Digest(of: [7])

    private func task(_ name: String = "cb", data: UInt8 = 1, metrics: [Metric] = [.accuracy]) -> PlannedTask {
        PlannedTask(
            definition: Sample.task(name, metrics: metrics).definition, content: Digest(of: [data]), trainCount: 100)
    }

    /// A sweep of a one-stage method and of a two-stage one.
    private func plan(
        model: UInt8 = 1, tasks: [PlannedTask]? = nil, seeds: [UInt64] = [1, 2],
        methods: [String] = ["finetune", "eh_ft"],
        _ change: (String, Int, inout Recipe) -> Void = { _, _, _ in }
    ) throws -> SweepPlan {
        let tasks = tasks ?? [task()]
        var stages: [PlannedStage] = []
        var rows: [SweepRow] = []
        for task in tasks {
            for method in methods {
                for seed in seeds {
                    var keys: [StageKey] = []
                    for number in 0..<(method == "eh_ft" ? 2 : 1) {
                        var recipe = Recipe()
                        if number == 0, method == "eh_ft" { recipe.tune = .bitfit }
                        change(method, number, &recipe)
                        let specification = StageSpecification(
                            backbone: Digest(of: [model]), task: task.content, recipe: recipe, seed: seed,
                            inputs: keys.last.map { [StageInput(kind: .head, from: $0)] } ?? [])
                        let label = method == "eh_ft" ? "eh_ft/\(number + 1)" : method
                        stages.append(
                            PlannedStage(
                                key: try specification.key(), specification: specification, task: task.definition.name,
                                label: label, outputs: [.head]))
                        keys.append(stages[stages.count - 1].key)
                    }
                    rows.append(SweepRow(task: task.definition.name, method: method, seed: seed, stages: keys))
                }
            }
        }
        return SweepPlan(
            name: "small", model: ModelLocation(name: "tiny", path: "/tiny", content: Digest(of: [model])),
            dataDirectory: "/data", tasks: tasks, stages: stages, rows: rows)
    }

    private func differences(_ old: SweepPlan, _ new: SweepPlan) throws -> [Difference] {
        try SweepDifferences(old, new).differences
    }

    // MARK: - Sweeps

    @Test func `a sweep does not differ from itself, wherever its files lie`() throws {
        #expect(try differences(plan(), plan()) == [])
        var moved = task()
        moved = PlannedTask(
            definition: TaskDefinition(
                name: "cb", train: "else/where", dev: "dev", format: .tsv, text: .name("text"), label: .name("label"),
                labels: ["a", "b"], metrics: [.accuracy]), content: moved.content, trainCount: 100)
        #expect(try differences(plan(), plan(tasks: [moved])) == [])
    }

    @Test func `a setting of one method is told once, whatever the tasks and seeds`() throws {
        let tasks = [task("cb"), task("rte", data: 2)]
        let changed = try plan(tasks: tasks) { method, _, recipe in
            if method == "finetune" { recipe.learningRate = 5e-5 }
        }
        #expect(try differences(plan(tasks: tasks), changed) == [Difference("finetune", "lr", "2e-5", "5e-5")])
    }

    @Test func `a setting of all methods is one of all, and one of a stage is told with its number`() throws {
        let epochs = try plan { _, _, recipe in recipe.budget = .epochs(5) }
        #expect(try differences(plan(), epochs) == [Difference("all methods", "epochs", "3", "5")])
        let all = try plan { method, number, recipe in
            if method == "finetune" || number == 1 { recipe.warmup = 0 }
        }
        #expect(
            try differences(plan(), all).map(\.place) == ["finetune", "eh_ft/2"], "the first stage of eh_ft has it not")
        let second = try plan { _, number, recipe in if number == 1 { recipe.batch = 8 } }
        #expect(try differences(plan(), second) == [Difference("eh_ft/2", "batch", "32", "8")])
    }

    @Test func `a setting of one task is told with the task`() throws {
        let tasks = [task("cb"), task("rte", data: 2)]
        let old = try plan(tasks: tasks, methods: ["finetune"])
        let half = try plan(tasks: [tasks[1]], methods: ["finetune"]) { $2.batch = 8 }
        let mixed = SweepPlan(
            name: "small", model: old.model, dataDirectory: "", tasks: tasks, stages: old.stages + half.stages,
            rows: old.rows.filter { $0.task == "cb" } + half.rows)
        #expect(try differences(old, mixed) == [Difference("finetune on rte", "batch", "32", "8")])
    }

    @Test func `methods, seeds, tasks, data and the model are told by what they are`() throws {
        let old = try plan()
        let new = try plan(
            model: 2, tasks: [task(data: 9, metrics: [.macroF1])], seeds: [1, 2, 3], methods: ["finetune"])
        let digests = [[1], [2], [1], [9]].map { Digest(of: $0).hex }
        #expect(
            try differences(old, new) == [
                Difference("", "digest of the model", digests[0], digests[1]),
                Difference("", "methods", "finetune, eh_ft", "finetune"),
                Difference("", "seeds", "1, 2", "1, 2, 3"),
                Difference("task cb", "metrics", "[accuracy]", "[macro-f1]"),
                Difference("task cb", "digest of task and data", digests[2], digests[3]),
            ])
    }

    @Test func `what a setting takes the place of is said, too`() throws {
        let steps = try plan { _, _, recipe in recipe.budget = .steps(100) }
        #expect(
            try differences(plan(), steps) == [
                Difference("all methods", "epochs", "3", nil), Difference("all methods", "max-steps", nil, "100"),
            ])
    }

    // MARK: - Stages

    private func stageDifferences(_ old: SweepPlan, _ new: SweepPlan, _ label: String) throws -> [Difference] {
        let stages = try [old, new].map { plan in
            let stage = try #require(plan.stages.first { $0.label == label })
            return try #require(StageDifferences.Known(stage.key, in: plan))
        }
        return try StageDifferences(stages[0], stages[1]) { key in
            StageDifferences.Known(key, in: old) ?? StageDifferences.Known(key, in: new)
        }.differences
    }

    @Test func `two stages differ in settings, seed, model and data`() throws {
        let new = try plan(model: 2, tasks: [task(data: 9)], seeds: [5]) { $2.learningRate = 1e-3 }
        let found = try stageDifferences(plan(), new, "finetune")
        #expect(
            found.map(\.what) == ["digest of the model", "digest of task and data", "lr", "seed"])
        #expect(found[2] == Difference("", "lr", "2e-5", "0.001") && found[3] == Difference("", "seed", "1", "5"))
        #expect(try stageDifferences(plan(), plan(), "finetune") == [])
    }

    @Test func `where a stage starts from another, what differs there is told`() throws {
        let (old, new) = (try plan(), try plan { _, number, recipe in if number == 0 { recipe.warmup = 0 } })
        let sources = try [old, new].map { try #require($0.stages.first { $0.label == "eh_ft/1" }).key.short }
        #expect(
            try stageDifferences(old, new, "eh_ft/2") == [
                Difference("", "from head", sources[0], sources[1]),
                Difference("the stage that the head is from", "warmup", "0.1", "0"),
            ])
    }

    @Test func `people see the beginning of a digest, and programs all of it`() throws {
        let listing = DifferenceListing(
            "small~1", "small", try differences(plan(), plan(model: 2) { $2.budget = .epochs(5) }))
        let (old, new) = (Digest(of: [1]).hex, Digest(of: [2]).hex)
        #expect(
            listing.text() == """
                of           what                 small~1       small
                ───────────  ───────────────────  ────────────  ────────────
                             digest of the model  \(old.prefix(12))  \(new.prefix(12))
                all methods  epochs               3             5
                """)
        let json = String(decoding: try CanonicalJSON.encode(listing), as: UTF8.self)
        #expect(json.contains(#"{"new":"\#(new)","old":"\#(old)","place":"","what":"digest of the model"}"#))
        #expect(DifferenceListing("a", "b", []).text() == "a and b are the same: model, data, settings and seeds.")
    }
}

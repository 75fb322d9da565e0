import Testing

/// Cross-validation, from one file to a table.
@Suite(.timeLimit(.minutes(5)))
struct FoldTests {
    private let shop: Workshop
    private let own = ["--data", "data", "--task-file", "own.yaml"]

    init() throws {
        shop = try Workshop()
        try shop.write(
            """
            own: { train: tiny/train.tsv, folds: 3, format: tsv, text: sentence, label: label, labels: [bad, good],
                   metrics: accuracy }
            """, to: "own.yaml")
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [own]
            seeds: [1, 2]
            defaults: { max-steps: 2 }
            methods: { probe: { tune: head }, bitfit: { tune: bitfit } }
            """, to: "sweep.yaml")
    }

    @Test func `a sweep over folds ends in one column, and its comparisons in the test for folds`() throws {
        struct Rows: Decodable {
            struct Row: Decodable {
                let task: String
                let fold: Int?
                let value: Double?
                let examples: Int?
            }
            let rows: [Row]
        }
        let plan = try shop.run(["plan", "sweep.yaml"] + own)
        #expect(plan.status == 0 && plan.output.contains("12 runs are 12 stages"), "\(plan)")
        let run = try shop.run(["run", "sweep.yaml", "--store", "s"] + own)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("own in 3 folds: each fold is scored on once"), "\(run.output)")
        let rows = try shop.run("results", "--store", "s", "--json").lastJSON(Rows.self).rows
        #expect(rows.count == 12 && rows.allSatisfy { $0.task == "own" && $0.value != nil })
        #expect(Set(rows.compactMap(\.fold)) == [1, 2, 3])
        // 64 rows of which some have one text, which stay together.
        let sizes = Dictionary(rows.map { ($0.fold, $0.examples ?? 0) }) { first, _ in first }
        #expect(sizes.values.reduce(0, +) == 64, "\(sizes)")
        let comparison = try shop.run("results", "--store", "s", "--compare", "bitfit", "probe")
        #expect(comparison.status == 0 && comparison.output.contains("corrected resampled t-test"), "\(comparison)")
        let classes = try shop.run("results", "--store", "s", "--per-class")
        #expect(classes.status == 0 && classes.output.contains("own by class"), "\(classes)")
    }

    @Test func `one fold is trained on by its name, and looked at`() throws {
        let train = ["train", "--model", "model/", "--tune", "head", "--set", "max-steps=2"]
        let whole = try shop.run(train + ["--task", "own", "--out", "r"] + own)
        #expect(
            whole.status == 2 && whole.errors.contains("task 'own' has 3 folds: name one of them, as own/1"), "\(whole)"
        )
        let fold = try shop.run(train + ["--task", "own/2", "--out", "r"] + own)
        #expect(fold.status == 0 && fold.output.contains("on own/2"), "\(fold)")
        let check = try shop.run(["data", "check", "own"] + own)
        #expect(check.status == 0 && check.output.hasPrefix("own/1\n"), "\(check)")
    }
}

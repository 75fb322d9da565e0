import Experiments
import Files
import Foundation
import TestKit
import Testing

/// From one CSV file to a comparison: three commands, and no YAML written by hand.
@Suite(.serialized) struct NewcomerTests {
    private let shop: Workshop

    init() throws {
        shop = try Workshop()
        try shop.write(Self.reviews(80), to: "reviews.csv")
    }

    private static func reviews(_ count: Int) -> String {
        let subjects = ["cat", "dog", "bird"]
        let rows = (0..<count).map { row in
            let label = row % 2 == 0 ? "good" : "bad"
            return "\"the \(label) \(subjects[row / 2 % 3]) runs, and the \(subjects[row / 6 % 3]) sings .\",\(label)"
        }
        return (["review,sentiment"] + rows).joined(separator: "\n") + "\n"
    }

    @Test(.timeLimit(.minutes(10))) func `three commands lead from a CSV to a comparison with a sentence`() throws {
        let start = ContinuousClock.now
        let begun = try shop.run("init", "reviews.csv", "--model", "model/")
        #expect(begun.status == 0, "\(begun.errors)")
        #expect(begun.output.contains("reviews.csv: 80 rows\n"))
        #expect(begun.output.contains("text: review – the only column of sentences"), "\(begun.output)")
        #expect(begun.output.contains("labels: [bad, good] – 2 classes: bad (40), good (40)"))
        // What it says to type next is what is typed.
        let commands = begun.lines.suffix(2).map { $0.split(separator: " ").map(String.init) }
        #expect(commands.map { Array($0.prefix(2)) } == [["headstart", "run"], ["headstart", "results"]])
        let run = try shop.run(Array(commands[0].dropFirst()))
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("\nreviews on model: percent, mean ± standard deviation (seeds)\n"))
        let compared = try shop.run(Array(commands[1].dropFirst()))
        #expect(compared.status == 0, "\(compared.errors)")
        #expect(compared.output.contains("eh-ft-bitfit less finetune"), "\(compared.output)")
        #expect(compared.output.contains("permutation test"), "\(compared.output)")
        print("From a CSV to a comparison: \(ContinuousClock.now - start)")
    }

    @Test func `nothing is overwritten, and what cannot be guessed is asked for`() throws {
        let before = try shop.write("mine: {}\n", to: "here/tasks.yaml")
        let refused = try shop.run("init", "reviews.csv", "--model", "model/", "--to", "here")
        #expect(refused.status == 2)
        #expect(
            refused.errors
                == "headstart: here/tasks.yaml: is there already and is not overwritten; say --to DIRECTORY for another place\n"
        )
        #expect(try String(contentsOfFile: before, encoding: .utf8) == "mine: {}\n")
        #expect(!FileManager.default.fileExists(atPath: shop.path("here/reviews.yaml")))
        try shop.write("a,b\n", to: "empty.csv")
        let empty = try shop.run("init", "empty.csv", "--model", "model/", "--to", "there")
        #expect(empty.status == 2 && empty.errorLines.count == 1, "\(empty.errors)")
        #expect(!FileManager.default.fileExists(atPath: shop.path("there")))
        for (arguments, sentence) in [
            (["absent.csv"], "there is no such file"), (["data"], "is no plain file"),
            (["reviews.csv", "--model", "./nowhere/model"], "there is no such directory"),
            (["reviews.csv", "--name", "a b"], "names are made of letters"),
            (["reviews.csv", "--model", "model/", "--name", "tasks"], "say --name NAME"),
        ] {
            let outcome = try shop.run(["init", "--to", "there"] + arguments)
            #expect(outcome.status == 2 && outcome.errors.contains(sentence), "\(arguments): \(outcome.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: shop.path("there")))
    }

    @Test(arguments: ["z.csv", "two words.csv", "ä.b.csv", "it's.csv"])
    func `files of any name have a sweep that can be planned`(name: String) throws {
        try shop.write(Self.reviews(20), to: "in/\(name)")
        let begun = try shop.run("init", "in/\(name)", "--model", "model/", "--to", "o u t")
        #expect(begun.status == 0, "\(begun.errors)")
        // As a shell reads it.
        let line = String(try #require(begun.lines.dropLast().last)).replacing(
            "headstart run", with: "\"$PROGRAM\" plan")
        let environment = ["PROGRAM": Program.path]
        let plan = try Running(["-c", line], of: "/bin/bash", in: shop.folder, environment: environment).wait()
        #expect(plan.status == 0 && plan.output.contains("18 runs are 24 stages"), "\(plan.output)\(plan.errors)")
    }

    // MARK: - A sweep that changes

    private let command = ["run", "sweep.yaml", "--data", "data", "--store", "store"]

    private func writeSweep(_ methods: String, epochs: Int) throws {
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2]
            defaults: { epochs: \(epochs), batch: 8 }
            methods: \(methods)
            """, to: "sweep.yaml")
    }

    private struct Listing: Decodable {
        struct Entry: Decodable {
            let sweep, state: String
            let stages, finished: Int
        }
        let sweeps: [Entry]
    }

    private struct Rows: Decodable {
        struct Row: Decodable {
            let method, key: String
        }
        struct Earlier: Decodable {
            let sweep: String
            let rows: [Row]
        }
        let rows: [Row]
        let earlier: [Earlier]?
    }

    @Test(.timeLimit(.minutes(10))) func `a sweep that is changed keeps its past, and can be handed on`() throws {
        let (probe, lpft) = (
            "probe: { tune: head, lr: 1e-2 }",
            "lp-ft: [{ tune: head, lr: 1e-2, share: 0.5 }, { tune: bitfit, share: 0.5, from: { head: previous } }]"
        )
        try writeSweep("{ \(probe), \(lpft) }", epochs: 2)
        #expect(try shop.run(command).status == 0)
        try writeSweep("{ \(probe), \(lpft) }", epochs: 3)
        let second = try shop.run(command)
        #expect(second.status == 0, "\(second.errors)")

        let sweeps = try shop.run("sweeps", "--store", "store", "--json").lastJSON(Listing.self).sweeps
        #expect(sweeps.map(\.sweep) == ["small", "small~1"] && sweeps.allSatisfy { $0.state == "finished" })
        #expect(sweeps.allSatisfy { $0.stages == 6 && $0.finished == 6 })
        #expect(try shop.run("sweeps", "--store", "store").output.contains("\nsmall~1  20"))

        let results = try shop.run("results", "--store", "store")
        #expect(results.output.contains("rows of earlier settings are not in this table: probe, lp-ft of small~1"))
        let all = try shop.run("results", "--store", "store", "--all", "--json").lastJSON(Rows.self)
        #expect(all.earlier?.map(\.sweep) == ["small~1"] && all.earlier?[0].rows.count == all.rows.count)
        let before = try shop.run("results", "--store", "store", "--sweep", "small~1", "--json").lastJSON(Rows.self)
        #expect(before.rows.map(\.key) == all.earlier?[0].rows.map(\.key))
        let unknown = try shop.run("results", "--store", "store", "--sweep", "small~2")
        #expect(
            unknown.status == 2 && unknown.errors.contains("small was run with 2 settings here"), "\(unknown.errors)")
        let seeds = try shop.run("results", "--store", "store", "--per-seed", "--format", "csv", "--all")
        #expect(seeds.lines.count == 1 + 8 && seeds.lines[1].hasPrefix("small,tiny,accuracy,probe,,1,tiny,dev,0."))

        let diff = try shop.run("diff", "small~1", "small", "--store", "store")
        #expect(
            diff.output.contains("lp-ft/2  epochs  1        1.5") || diff.output.contains("epochs  2"), "\(diff.output)"
        )
        let keys = [before.rows[0].key, all.rows[0].key]
        let stages = try shop.run("diff", String(keys[0].prefix(9)), keys[1], "--store", "store", "--json")
        #expect(
            stages.output.contains(#""differences":[{"new":"3","old":"2","place":"","what":"epochs"}]"#),
            "\(stages.output)\(stages.errors)")
        let mixed = try shop.run("diff", "small", "smal", "--store", "store")
        #expect(mixed.status == 2 && mixed.errors.contains("no sweep 'smal' here"), "\(mixed.errors)")

        let last = try #require(all.rows.last).key
        let lineage = try shop.run("lineage", String(last.prefix(9)), "--store", "store")
        #expect(lineage.output.hasPrefix("tiny lp-ft/2 seed 2\n") && lineage.output.contains("starts from head"))
        #expect(
            lineage.output.contains(
                "program     headstart \(programVersion), version \(Precision.fp32.semanticsVersion) of training"))

        let bundle = try shop.run("export", "--sweep", "small~1", "--store", "store", "--to", "bundle/")
        #expect(bundle.status == 0, "\(bundle.errors)")
        let again = try shop.run("export", "--sweep", "small", "--store", "store", "--to", "bundle")
        #expect(again.status == 2 && again.errors.contains("is there already"))
        // Whoever has the model and the data has the same stages.
        let sweep = shop.path("bundle/sweep.yaml")
        let text = try String(contentsOfFile: sweep, encoding: .utf8)
        try shop.write(text.replacing("model: model", with: "model: \(shop.model)"), to: "bundle/sweep.yaml")
        struct Plan: Decodable { let stages, finished: Int }
        let plan = try shop.run(
            "plan", sweep, "--task-file", "bundle/tasks.yaml", "--data", "data", "--store", "store", "--json")
        let counts = try plan.lastJSON(Plan.self)
        #expect(counts.stages == 6 && counts.finished == 6, "\(text)")
        let artifacts = try String(contentsOfFile: shop.path("bundle/artifacts.csv"), encoding: .utf8)
        for line in artifacts.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            let file = try Data(contentsOf: URL(filePath: shop.path("bundle/\(fields[5])")))
            #expect(Digest(of: Array(file)).hex == fields[4])
        }
        let small = try shop.run(
            "export", "--sweep", "small", "--store", "store", "--to", "small", "--largest", "0")
        #expect(small.status == 0, "\(small.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: shop.path("small/artifacts")).isEmpty)
    }
}

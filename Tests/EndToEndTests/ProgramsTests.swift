import Foundation
import GRDB
import TestKit
import Testing

/// What other programs read of a store: JSON, the ledger, and exported metrics, as the documentation promises them.
struct ProgramsTests {
    private let shop: Workshop

    init() throws {
        shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2]
            defaults: { max-steps: 8, batch: 8, lr: 1e-3, evaluations: 2, head: "mlp(16)" }
            methods:
              tuned:    { tune: all }
              lp-ft:    [{ tune: head, share: 0.5 }, { tune: all, share: 0.5, from: { head: previous } }]
              probe:    { tune: head }
              diverges: { tune: all, lr: 1e30 }
            """, to: "sweep.yaml")
        let outcome = try shop.run("run", "sweep.yaml", "--data", "data", "--store", "store")
        try #require(outcome.status == 1, "\(outcome.errors)")
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: shop.path("store/ledger.sqlite"), configuration: configuration).read(body)
    }

    /// The blocks of a language on a page of the documentation.
    private func blocks(_ language: String, of page: String) throws -> [String] {
        let path = "\(Program.package)/Sources/headstart/Documentation.docc/\(page).md"
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n```").compactMap { part in
            let lines = part.split(separator: "\n", maxSplits: 1)
            return lines.first.map(String.init) == language ? lines.last.map(String.init) : nil
        }
    }

    @Test(.timeLimit(.minutes(10))) func `every object of JSON says its schema`() throws {
        let sql = "SELECT key FROM stage WHERE state = 'finished'"
        let key = try #require(try read { try String.fetchOne($0, sql: sql) })
        let data = ["--data", "data"]
        let store = ["--store", "store"]
        let commands: [[String]] = [
            ["results"] + store, ["results", "--all"] + store, ["results", "--per-seed"] + store,
            ["results", "--compare", "tuned", "lp-ft"] + store,
            ["results", "--compare", "tuned", "lp-ft", "probe"] + store, ["results", "--per-class"] + store,
            ["results", "--published", "ehft/1"] + store,
            ["analyze"] + store, ["lineage", key] + store, ["diff", "small", "small"] + store,
            ["plan", "sweep.yaml", "--no-measure"] + data, ["status"] + store, ["sweeps"] + store,
            ["ledger", "check"] + store, ["store", "gc"] + store, ["model", "list"],
            ["data", "check", "tiny"] + data, ["data", "preview", "tiny", "--model", shop.model] + data,
            ["train", "--task", "tiny", "--model", shop.model, "--tune", "all", "--set", "max-steps=1", "--out", "run"]
                + data,
            ["evaluate", "--run", "run"] + data,
            ["retrain", "--run", key, "--out", "again"] + store,
        ]
        for command in commands {
            let outcome = try shop.run(command + ["--json"])
            #expect(outcome.status == 0 && !outcome.lines.isEmpty, "\(command): \(outcome.errors)")
            for line in outcome.lines {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                #expect(object?["schema"] as? Int == 1, "\(command): \(line)")
            }
        }
        let events = try shop.run("events", "--store", "store")
        #expect(events.lines.count > 10 && events.lines.allSatisfy { $0.contains(#","schema":1}"#) })
    }

    @Test(.timeLimit(.minutes(10))) func `the ledger has what its page says, and every query there an answer`() throws {
        let queries = try blocks("sql", of: "ledger")
        #expect(queries.count > 5)
        for query in queries {
            let rows = try read { try Row.fetchAll($0, sql: query) }
            #expect(!rows.isEmpty, "\(query)")
        }
        let page = try String(
            contentsOfFile: "\(Program.package)/Sources/headstart/Documentation.docc/ledger.md", encoding: .utf8)
        try read { database in
            let version = try #require(try Int.fetchOne(database, sql: "PRAGMA user_version"))
            #expect(page.contains("is the version of the schema, \(version) as of now"))
            let sql = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
            for table in try String.fetchAll(database, sql: sql) {
                #expect(page.contains("`\(table)`") || page.contains("### \(table)"), "no word of table \(table)")
                for column in try database.columns(in: table).map(\.name) {
                    #expect(page.contains("`\(column)`"), "no word of column \(table).\(column)")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(10)), .enabled(if: FileManager.default.isExecutableFile(atPath: python)))
    func `the Python example prints a line for each method that finished`() throws {
        let example = try #require(try blocks("python", of: "ledger").first)
        try shop.write(example + "\n", to: "scores.py")
        let outcome = try Running(["scores.py", "store", "accuracy"], of: python, in: shop.folder).wait()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines.count == 3)
        for (line, method) in zip(outcome.lines, ["tuned", "lp-ft", "probe"]) {
            #expect(
                line.contains(/^tiny .*: accuracy [01]\.\d{4} ± 0\.\d{4} over 2 runs, loss \d\.\d{3} to \d\.\d{3}$/))
            #expect(line.hasPrefix("tiny \(method): "))
        }
    }

    @Test(.timeLimit(.minutes(10))) func `exported metrics are the numbers of the ledger`() throws {
        struct Line: Decodable {
            let task, method, key, split, metric: String
            let seed, step: Int
            let value: Double
        }
        let export = { (format: String, out: String) in
            try shop.run("export", "metrics", "--store", "store", "--format", format, "--out", out)
        }
        let lines = try export("jsonl", "-").lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        let sql = """
            SELECT count(*), sum(value) FROM (
                SELECT loss AS value FROM point UNION ALL SELECT learningRate FROM point UNION ALL
                SELECT gradientNorm FROM point UNION ALL SELECT value FROM metric)
            """
        let row = try read { try #require(try Row.fetchOne($0, sql: sql)) }
        let kept = lines.filter { $0.metric != "tokens-per-second" }
        #expect(kept.count == row[0])
        #expect(abs(kept.map(\.value).reduce(0, +) - (row[1] as Double)) < 1e-6 * (row[1] as Double))
        #expect(lines.allSatisfy { $0.metric != "tokens-per-second" || $0.value > 0 })
        #expect(Set(lines.map { "\($0.method) \($0.seed)" }).isSuperset(of: ["tuned 1", "lp-ft/1 2", "lp-ft/2 1"]))
        // A stage has a number for each of its steps, whichever of the method's it is.
        #expect(
            lines.filter { $0.method == "tuned" && $0.seed == 1 && $0.metric == "loss" }.map(\.step) == Array(1...8))

        let csv = try export("csv", "metrics.csv")
        #expect(csv.output.hasSuffix(" to metrics.csv.\n") && csv.status == 0, "\(csv.errors)")
        let table = try String(contentsOfFile: shop.path("metrics.csv"), encoding: .utf8).split(separator: "\n")
        #expect(table.count == lines.count + 1)
        #expect(table[0] == "task,method,seed,key,step,split,metric,value")

        // Twice: what is there already is replaced.
        for _ in 0..<2 { #expect(try export("tensorboard", "events").status == 0) }
        let files = try FileManager.default.subpathsOfDirectory(atPath: shop.path("events")).filter {
            $0.contains("tfevents")
        }
        #expect(files.contains("tiny/lp-ft/2/seed-1/events.out.tfevents.headstart"))
        #expect(files.count == Set(lines.map { "\($0.method) \($0.seed)" }).count)
        #expect(try export("tensorboard", "-").status == 2)
        let nothing = try shop.run("export", "metrics", "--store", "store", "--format", "csv", "--out", "no/such/file")
        #expect(nothing.status != 0 && nothing.errorLines.count == 1)
        let ledger = try export("csv", "store/ledger.sqlite")
        #expect(ledger.status == 2 && ledger.errorLines.count == 1, "\(ledger.errors)")
        #expect(try shop.run("status", "--store", "store").status == 0)
    }
}

private let python = "/usr/bin/python3"

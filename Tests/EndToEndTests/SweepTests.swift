import Experiments
import Foundation
import Ledger
import TestKit
import Testing

@Suite(.serialized) struct SweepTests {
    private struct Rows: Decodable, Equatable {
        struct Row: Decodable, Equatable {
            let task, method, metric, split, state, key: String
            let seed: Int
            let value: Double?
        }
        let rows: [Row]
    }

    private func workshop(seeds: String = "[1, 2]") throws -> Workshop {
        let shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: \(seeds)
            defaults: { max-steps: 2000, batch: 8, lr: 1e-3, head: "mlp(16)" }
            methods:
              probe:  { tune: head, lr: 1e-2 }
              tuned:  { tune: all }
              lp-ft:  [{ tune: head, lr: 1e-2, share: 0.5 }, { tune: all, share: 0.5, from: { head: previous } }]
              lp-bit: [{ tune: head, lr: 1e-2, share: 0.5 }, { tune: bitfit, share: 0.5, from: { head: previous } }]
            """, to: "sweep.yaml")
        return shop
    }

    private func command(_ store: String, _ more: String...) -> [String] {
        ["run", "sweep.yaml", "--data", "data", "--store", store] + more
    }

    private func rows(_ shop: Workshop, _ store: String) throws -> Rows {
        try shop.run("results", "--store", store, "--json").lastJSON(Rows.self)
    }

    /// The numbers n of the lines "[n/10] ..." that tell of a stage's end. One that a kill interrupted has a line, too.
    private func endedStages(_ output: String) -> [Int] {
        output.split(separator: "\n").filter { !$0.contains("goes back") }.compactMap { line in
            line.firstMatch(of: /\[(\d+)\/10\]/).flatMap { Int($0.1) }
        }
    }

    @Test(.timeLimit(.minutes(10))) func `the table has the majority class, and classes a table of their own`() throws {
        let shop = try workshop(seeds: "[1]")
        let run = try shop.run(command("store", "--set", "max-steps=20", "--set", "methods=tuned"))
        #expect(run.status == 0, "\(run.errors)")
        let table = try shop.run("results", "--store", "store").output
        #expect(table.contains("\n(majority class)          50.00\n"), "\(table)")
        let classes = try shop.run("results", "--store", "store", "--per-class").output
        #expect(classes.hasPrefix("small on") && classes.contains("\ntuned   good         12"), "\(classes)")
        let confusion = try shop.run("results", "--store", "store", "--confusion", "--format", "csv").output
        #expect(confusion.hasPrefix("task,method,seeds,right,said,count\ntiny,tuned,1,bad,"), "\(confusion)")
        let both = try shop.run("results", "--store", "store", "--per-class", "--confusion")
        #expect(both.status == 2 && both.errors.contains("are two questions; ask one at a time"))
    }

    @Test(.timeLimit(.minutes(10)))
    func `killed twice and continued it ends with the table of one that was not disturbed, bit for bit`() throws {
        let shop = try workshop()
        let calm = try shop.run(command("calm", "--groups", "2"))
        #expect(calm.status == 0, "\(calm.errors)")
        let expected = try rows(shop, "calm")
        #expect(expected.rows.count == 2 * 4 * 2 && expected.rows.allSatisfy { $0.state == "finished" })

        for round in 1...2 {
            let running = try shop.start(command("disturbed", "--groups", "2"))
            #expect(running.wait { endedStages($0).contains { $0 >= round } }, "no stage ended")
            running.kill()
            #expect(running.wait().status == SIGKILL, "it must be killed in the middle")
        }
        let continued = try shop.run(command("disturbed", "--groups", "2"))
        #expect(continued.status == 0, "\(continued.errors)")
        #expect(endedStages(continued.output).min() ?? 0 > 2, "finished stages must not run again\n\(continued.output)")
        #expect(try rows(shop, "disturbed") == expected)
        let tables = [calm, continued].map { Array($0.lines.suffix(5)) }
        #expect(tables[0] == tables[1])
    }

    @Test(.timeLimit(.minutes(10)))
    func `a shared first stage runs once, and one more seed runs only the new stages`() throws {
        let shop = try workshop(seeds: "[1]")
        struct Plan: Decodable {
            let stages, finished: Int
        }
        func plan(_ more: String...) throws -> Plan {
            try shop.run(["plan", "sweep.yaml", "--data", "data", "--store", "store", "--json"] + more).lastJSON(
                Plan.self)
        }
        let before = try plan()
        #expect(before.stages == 5 && before.finished == 0, "lp-ft and lp-bit share their first stage")
        #expect(try shop.run(command("store")).status == 0)
        let after = try plan("--set", "seeds=1,2")
        #expect(after.stages == 10 && after.finished == 5)
        let second = try shop.run(command("store", "--set", "seeds=1,2"))
        #expect(second.status == 0 && second.output.contains("[10/10]") && second.output.contains("[6/10]"))
        #expect(!second.output.contains("[5/10]"))
        let ledger = try LedgerReader(store: shop.path("store"))
        let entries = try ledger.stages(of: try #require(try ledger.plan()))
        #expect(entries.allSatisfy { $0.attempts == 1 })
    }

    @Test(.timeLimit(.minutes(10))) func `a sweep that is done shows its table at once`() throws {
        let shop = try workshop(seeds: "[1]")
        let first = try shop.run(command("store", "--set", "max-steps=2"))
        let again = try shop.run(command("store", "--set", "max-steps=2"), environment: ["PATH": "/nowhere"])
        #expect(again.status == 0, "\(again.errors)")
        #expect(Array(again.lines.suffix(5)) == Array(first.lines.suffix(5)))
    }

    @Test(.timeLimit(.minutes(10))) func `Ctrl-C stops cleanly, and the same command continues`() throws {
        let shop = try workshop()
        let running = try shop.start(command("store"))
        #expect(running.wait { $0.contains("[1/") })
        running.kill(SIGINT)
        let stopped = running.wait()
        #expect(stopped.status == 128 + SIGINT && stopped.errorLines.count == 1, "\(stopped.errors)")
        #expect(stopped.errors.contains("the same command continues"))
        #expect(try shop.run(command("store")).status == 0)
    }

    @Test(.timeLimit(.minutes(10))) func `a stage that fails by its own fault is told, and the others go on`() throws {
        let shop = try workshop(seeds: "[1]")
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1]
            defaults: { max-steps: 100 }
            methods: { wild: { tune: all, lr: 1e30, clip: none, warmup: 0 }, calm: { tune: head } }
            """, to: "sweep.yaml")
        let outcome = try shop.run(command("store"))
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("wild") && outcome.errors.contains("lower lr"), "\(outcome.errors)")
        let states = Set(try rows(shop, "store").rows.map { "\($0.method) \($0.state)" })
        #expect(states == ["wild failed", "calm finished"])
    }

    @Test(.timeLimit(.minutes(10))) func `two methods are compared, and a paper's table stands beside ours`() throws {
        let shop = try workshop()
        #expect(try shop.run(command("store", "--set", "max-steps=5")).status == 0)
        let comparison = try shop.run("results", "--store", "store", "--compare", "tuned", "probe")
        #expect(comparison.status == 0, "\(comparison.errors)")
        #expect(comparison.output.contains("tuned less probe") && comparison.output.contains("permutation test"))
        struct Comparison: Decodable {
            struct Evidence: Decodable { let pairs: Int }
            let overall: Evidence
        }
        let json = try shop.run("results", "--store", "store", "--compare", "tuned", "probe", "--json")
        #expect(try json.lastJSON(Comparison.self).overall.pairs == 2)
        let three = try shop.run("results", "--store", "store", "--compare", "tuned", "probe", "lp-ft")
        #expect(three.status == 0 && three.output.contains("p (Holm)"), "\(three.errors)")
        let unknown = try shop.run("results", "--store", "store", "--compare", "tuned", "prob")
        #expect(unknown.status == 2 && unknown.errors.contains("did you mean 'probe'?"), "\(unknown.errors)")
        let published = try shop.run("results", "--store", "store", "--published", "ehft/1")
        #expect(published.status == 0, "\(published.errors)")
        #expect(published.output.contains("The sweep has no method and task of this table."))
    }

    @Test func `what was trained in a sweep can be exported by its key`() throws {
        let shop = try workshop(seeds: "[1]")
        #expect(try shop.run(command("store", "--set", "methods=bitfit", "--set", "max-steps=5")).status == 0)
        let key = try #require(try rows(shop, "store").rows.first).key
        let outcome = try shop.run("export", "--run", String(key.prefix(10)), "--store", "store", "--to", "model-1")
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func `without mpirun a sweep says what to install`() throws {
        let shop = try workshop()
        let outcome = try shop.run(command("store"), environment: ["PATH": "/nowhere"])
        #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("openmpi-bin"))
    }

    @Test func `a foreign file in the ledger's place is left alone`() throws {
        let shop = try workshop()
        let ledger = try shop.write(
            "this is no database, though it is long enough to be looked at\n", to: "store/ledger.sqlite")
        let outcome = try shop.run(command("store"))
        #expect(outcome.status == 2 && outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("not a ledger"))
        #expect(try String(contentsOfFile: ledger, encoding: .utf8).hasPrefix("this is no database"))
    }
}

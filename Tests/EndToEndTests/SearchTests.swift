import Experiments
import Foundation
import Ledger
import TestKit
import Testing

@Suite(.serialized) struct SearchTests {
    private struct Rows: Decodable, Equatable {
        struct Row: Decodable, Equatable {
            let task, method, metric, state: String
            let key: String?
            let seed: Int
            let value: Double?
            let chosen: [String: String]
        }
        let rows: [Row]
    }

    /// A regression, whose score tells rates apart that classes would not. The rates begin far below the best one.
    private func workshop(search: String = "{ lr: [1e-4, 2e-4], grow: 12 }") throws -> Workshop {
        let shop = try Workshop()
        for name in ["train", "dev"] {
            let rows = try String(contentsOfFile: "\(shop.data)/tiny/\(name).tsv", encoding: .utf8)
            try shop.write(
                rows.replacing("\tgood", with: "\t1").replacing("\tbad", with: "\t0"),
                to: "data/tiny/\(name)-scores.tsv")
        }
        try shop.write(
            """
            tiny: { train: tiny/train-scores.tsv, dev: tiny/dev-scores.tsv, format: tsv, text: sentence, label: label,
                    metrics: [pearson] }
            """, to: "data/tasks.yaml")
        try shop.write(
            """
            sweep: searched
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2]
            defaults: { max-steps: 2000, batch: 8 }
            methods: { tuned: { tune: bitfit } }
            search: \(search.replacing("{ ", with: "{ on: dev, "))
            """, to: "sweep.yaml")
        return shop
    }

    private func command(_ store: String, _ more: String...) -> [String] {
        ["run", "sweep.yaml", "--data", "data", "--store", store, "--groups", "2"] + more
    }

    private func rows(_ shop: Workshop, _ store: String) throws -> Rows {
        try shop.run("results", "--store", store, "--json").lastJSON(Rows.self)
    }

    private func search(_ shop: Workshop, _ store: String) throws -> SweepSearch {
        let plan = try #require(try LedgerReader(store: shop.path(store)).plan())
        return try #require(plan.searches.first)
    }

    @Test(.timeLimit(.minutes(10)))
    func `off its optimum grows its grid to it, and killed in the middle ends the same`() throws {
        let shop = try workshop()
        let calm = try shop.run(command("calm"))
        #expect(calm.status == 0, "\(calm.errors)")
        let found = try search(shop, "calm")
        let chosen = try #require(found.chosen)
        let rates = found.trials.compactMap { Double($0.point.settings[0].value) }
        #expect(rates.count > 4, "the grid grew: \(rates)")
        let best = try #require(found.trials.max { ($0.score ?? 0) < ($1.score ?? 0) })
        #expect(found.trials.first { $0.point == chosen }?.score == best.score)
        let rate = try #require(Double(chosen.settings[0].value))
        #expect(rate < (rates.max() ?? 0), "the best lies within \(rates)")
        #expect(
            calm.output.contains(
                "search tiny tuned: the best lr, 2e-4, is the largest of the grid, which grows to 5e-4"))
        #expect(calm.output.contains("settings found by search:"))

        for ended in ["[2/", "[5/"] {
            let running = try shop.start(command("disturbed"))
            #expect(running.wait { $0.contains(ended) }, "no stage ended")
            running.kill()
            #expect(running.wait().status == SIGKILL, "it must be killed in the middle")
            #expect(try search(shop, "disturbed").state == .open)
        }
        let continued = try shop.run(command("disturbed"))
        #expect(continued.status == 0, "\(continued.errors)")
        #expect(try search(shop, "disturbed") == found)
        #expect(try rows(shop, "disturbed") == rows(shop, "calm"))
        let tables = [calm, continued].map { Array($0.lines.suffix(6)) }
        #expect(tables[0] == tables[1])
        #expect(try LedgerReader(store: shop.path("disturbed")).sweeps().count == 1)
    }

    @Test(.timeLimit(.minutes(10))) func `with another grid uses what was run`() throws {
        let shop = try workshop(search: "{ lr: [1e-3, 1e-2], grow: 0 }")
        struct Plan: Decodable {
            let stages, finished: Int
        }
        func plan() throws -> Plan {
            try shop.run("plan", "sweep.yaml", "--data", "data", "--store", "store", "--json").lastJSON(Plan.self)
        }
        #expect(try plan().stages == 2, "the first round")
        #expect(try shop.run(command("store")).status == 0)
        let done = try plan()
        #expect(done.stages == 3 && done.finished == 3, "the best point is the first seed's run")
        let chosen = try rows(shop, "store").rows.map(\.chosen)
        #expect(Set(chosen).count == 1 && chosen[0].keys.sorted() == ["lr"])
        try shop.write(
            try String(contentsOfFile: shop.path("sweep.yaml"), encoding: .utf8)
                .replacing("[1e-3, 1e-2]", with: "[1e-3, 1e-2, 5e-3]"), to: "sweep.yaml")
        let wider = try plan()
        #expect(wider.stages == 3 && wider.finished == 2)
    }

    @Test(.timeLimit(.minutes(10))) func `takes points that diverge for the worst, and fails where all do`() throws {
        let shop = try workshop(search: "{ lr: [1e-2, 1e30], grow: 0 }")
        let outcome = try shop.run(command("store", "--set", "clip=none", "--set", "warmup=0", "--set", "max-steps=50"))
        #expect(outcome.status == 0, "that a point diverges is a result: \(outcome.errors)")
        #expect(try rows(shop, "store").rows.allSatisfy { $0.chosen == ["lr": "1e-2"] && $0.state == "finished" })
        try shop.write(
            try String(contentsOfFile: shop.path("sweep.yaml"), encoding: .utf8)
                .replacing("1e-2, 1e30", with: "1e30"), to: "sweep.yaml")
        let failed = try shop.run(command("wild", "--set", "clip=none", "--set", "warmup=0", "--set", "max-steps=50"))
        #expect(failed.status == 1 && failed.errorLines.count == 1)
        #expect(
            failed.errors.contains(
                "the search for tuned on tiny found nothing: the only point tried has no score"), "\(failed.errors)")
        #expect(try rows(shop, "wild").rows.allSatisfy { $0.state == "failed" && $0.key == nil })
    }

    @Test(.timeLimit(.minutes(10))) func `at random with halving gives the best of its points the whole budget`() throws
    {
        let shop = try workshop(search: "{ lr: log 1e-4..1e-1, batch: [4, 8], random: 4, halving: 2 }")
        let outcome = try shop.run(command("store", "--set", "max-steps=80"))
        #expect(outcome.status == 0, "\(outcome.errors)")
        let found = try search(shop, "store")
        #expect(found.trials.map(\.point.share) == [0.25, 0.25, 0.25, 0.25, 0.5, 0.5])
        let ledger = try LedgerReader(store: shop.path("store"))
        let row = try #require(try ledger.plan()?.rows.first)
        #expect(try ledger.stage(try #require(row.stages.last))?.result?.steps == 80)
    }

    @Test func `with an empty grid is refused before anything runs`() throws {
        let shop = try workshop(search: "{ lr: [] }")
        let outcome = try shop.run(command("store"))
        #expect(outcome.status == 2 && outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("sweep.yaml:7: the grid of 'lr' is empty"))
        #expect(!FileManager.default.fileExists(atPath: shop.path("store")))
    }
}

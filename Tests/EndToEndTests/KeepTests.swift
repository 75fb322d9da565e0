import Experiments
import Files
import Foundation
import Ledger
import Testing

/// Which models a sweep leaves, and how one comes by the others.
struct KeepTests {
    private func workshop(keep: String = "") throws -> Workshop {
        let shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2, 3]
            \(keep)
            defaults: { max-steps: 20, lr: 1e-3 }
            methods: { finetune: { tune: all }, lp-ft: [ { tune: head }, { tune: all, from: { head: previous } } ] }
            """, to: "sweep.yaml")
        return shop
    }

    /// The stages of a method whose whole model lies in the store, and those whose does not, best score first.
    private func models(_ shop: Workshop, _ method: String) throws -> (kept: [StageRecord], others: [StageRecord]) {
        let ledger = try LedgerReader(store: shop.path("store"))
        let plan = try #require(try ledger.plan())
        let records = try ledger.known(of: plan)
        let task = try #require(plan.tasks.first?.definition)
        let last = plan.rows.filter { $0.method == method }.compactMap { $0.stages.last.flatMap { records[$0] } }
        let sorted = last.enumerated().sorted { left, right in
            let merits = [left, right].map { $0.element.result?.merit(on: task) ?? 0 }
            return merits[0] > merits[1] || merits[0] == merits[1] && left.offset < right.offset
        }.map(\.element)
        let artifacts = ContentStore(store: shop.path("store"))
        func isKept(_ record: StageRecord) -> Bool {
            record.result?.artifact(.backbone).map {
                FileManager.default.fileExists(atPath: artifacts.path(of: $0.id.rawValue))
            } ?? false
        }
        return (sorted.filter(isKept), sorted.filter { !isKept($0) })
    }

    @Test(.timeLimit(.minutes(10)))
    func `the best seed's model of each cell is kept, and one command makes any other`() throws {
        let shop = try workshop()
        let planned = try shop.run("plan", "sweep.yaml", "--data", "data")
        #expect(planned.output.contains("keeps 2 whole models, the best seed's of each cell: "), "\(planned.output)")
        let run = try shop.run("run", "sweep.yaml", "--data", "data", "--store", "store", "--groups", "2")
        #expect(run.status == 0, "\(run.errors)")
        for method in ["finetune", "lp-ft"] {
            let (kept, others) = try models(shop, method)
            #expect(kept.count == 1 && others.count == 2)
            let task = try #require(try LedgerReader(store: shop.path("store")).plan()?.tasks.first?.definition)
            #expect(others.allSatisfy { ($0.result?.merit(on: task) ?? 1) <= (kept[0].result?.merit(on: task) ?? 0) })
            try shop.write("the good dog sings .\n", to: "texts")
            let best = try shop.run(
                "predict", "--run", kept[0].key.short, "--store", "store", "--input", "texts", "--out", "labels")
            #expect(best.status == 0, "\(best.errors)")

            let other = others[0].key.short
            let refused = try shop.run("export", "--run", other, "--store", "store", "--to", "exported")
            #expect(refused.status == 2 && refused.errorLines.count == 1, "\(refused.errors)")
            #expect(refused.errors.contains("has that of the best seed"))
            let command = try #require(refused.errors.split(separator: "`").map(String.init).dropFirst().first)
            #expect(command.hasPrefix("headstart retrain "))
            let again = try shop.run(command.split(separator: " ").dropFirst().map(String.init))
            #expect(again.status == 0 && again.output.contains("the run is in \(other)"), "\(again.errors)")
            let used = try shop.run("export", "--run", other, "--to", "exported-\(method)")
            #expect(used.status == 0, "\(used.errors)")
            let scored = try shop.run("evaluate", "--run", other, "--data", "data")
            #expect(scored.status == 0 && scored.output.hasPrefix("accuracy "), "\(scored.errors)")
        }
        let check = try shop.run("ledger", "check", "--store", "store")
        #expect(check.status == 0, "\(check.output)\(check.errors)")
        let again = try shop.run("run", "sweep.yaml", "--data", "data", "--store", "store")
        #expect(again.status == 0)
        #expect(try models(shop, "finetune").kept.map(\.attempts) == [1], "nothing runs again")
    }

    @Test(.timeLimit(.minutes(10)), arguments: [("all", 3), ("none", 0), ("model", 3), ("head", 0)])
    func `all models are kept, or none, where that is asked for`(word: String, count: Int) throws {
        let shop = try workshop(keep: "keep: \(word)")
        let run = try shop.run("run", "sweep.yaml", "--data", "data", "--store", "store")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try models(shop, "finetune").kept.count == count)
    }

    @Test(.timeLimit(.minutes(10))) func `a sweep that gets more seeds keeps the best of all`() throws {
        let shop = try workshop()
        for seeds in ["seeds=1", "seeds=1..2", "seeds=1..4"] {
            let run = try shop.run(
                "run", "sweep.yaml", "--data", "data", "--store", "store", "--set", seeds)
            #expect(run.status == 0, "\(run.errors)")
            #expect(try models(shop, "finetune").kept.count == 1)
        }
    }

    @Test(.timeLimit(.minutes(10))) func `who asks for all models once some went is told so`() throws {
        let shop = try workshop()
        let words = ["run", "sweep.yaml", "--data", "data", "--store", "store", "--set"]
        let first = try shop.run(words + ["keep=best"])
        #expect(first.status == 0 && !first.errors.contains("whole model"), "\(first.errors)")
        let all = try shop.run(words + ["keep=all"])
        #expect(all.status == 0)
        #expect(all.errors.contains("4 whole models that the sweep is to keep went before"), "\(all.errors)")
        let command = try #require(
            all.errors.split(separator: "`").map(String.init).first { $0.hasPrefix("headstart") })
        let again = try shop.run(command.split(separator: " ").dropFirst().map(String.init))
        #expect(again.status == 0, "\(again.errors)")
    }
}

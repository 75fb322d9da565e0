import Foundation
import TestKit
import Testing

struct AnalyzeTests {
    private struct Measured: Decodable {
        struct Run: Decodable {
            struct Log: Decodable {
                struct Point: Decodable { let step: Int }
                let measures: [String]
                let weightDistance: [Point]
            }
            let task, method, key: String
            let seed: Int
            let log: Log
        }
        let runs: [Run]
    }

    private func workshop(measure: String) throws -> Workshop {
        let shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2]
            defaults: { max-steps: 40, batch: 8, lr: 1e-3, head: "mlp(16)", evaluations: 2, measure: \(measure) }
            methods:
              tuned:  { tune: all }
              lp-ft:  [{ tune: head, lr: 1e-2, share: 0.5 }, { tune: all, share: 0.5, from: { head: previous } }]
            """, to: "sweep.yaml")
        let outcome = try shop.run("run", "sweep.yaml", "--data", "data", "--store", "store")
        #expect(outcome.status == 0, "\(outcome.errors)")
        return shop
    }

    @Test(.timeLimit(.minutes(10))) func `becomes tables, JSON and pictures`() throws {
        let shop = try workshop(measure: "[weight-distance, convergence, head-features, cost]")
        let tables = try shop.run("analyze", "--store", "store")
        #expect(tables.status == 0, "\(tables.errors)")
        for text in ["training: ", "weight-distance: ", "convergence: ", "lp-ft/1", "lp-ft/2", "tuned"] {
            #expect(tables.output.contains(text), "\(text)")
        }
        #expect(!tables.output.contains("gradient-norms"))

        let json = try shop.run("analyze", "--store", "store", "--measure", "weight-distance", "--json")
        let runs = try json.lastJSON(Measured.self).runs
        #expect(
            runs.map { "\($0.method) \($0.seed)" } == [
                "tuned 1", "tuned 2", "lp-ft/1 1", "lp-ft/2 1", "lp-ft/1 2", "lp-ft/2 2",
            ])
        #expect(runs[0].log.weightDistance.map(\.step) == Array(0...40))

        for format in ["svg", "pdf"] {
            let drawn = try shop.run("analyze", "--store", "store", "--plots", "pictures/\(format)", "--format", format)
            #expect(drawn.status == 0, "\(drawn.errors)")
            let names = try FileManager.default.contentsOfDirectory(atPath: shop.path("pictures/\(format)"))
            #expect(
                names.sorted()
                    == [
                        "convergence-tiny", "cost-tiny", "head-features-tiny-lp-ft-1-seed-1",
                        "head-features-tiny-lp-ft-2-seed-1",
                        "head-features-tiny-tuned-seed-1", "training-steps-tiny", "training-tiny",
                        "weight-distance-tiny", "weight-magnitudes-tiny",
                    ].map { "\($0).\(format)" })
            for name in names {
                let file = try Data(contentsOf: URL(fileURLWithPath: shop.path("pictures/\(format)/\(name)")))
                #expect(
                    file.starts(with: Data((format == "svg" ? "<?xml" : "%PDF").utf8)) && file.count > 2000, "\(name)")
            }
        }
        let without = try shop.run(
            ["analyze", "--store", "store", "--plots", "pictures"], environment: ["PATH": "/nowhere"])
        #expect(without.status == 2)
        #expect(without.errorLines.count == 1 && without.errors.contains("gnuplot is not installed"))
    }

    @Test(.timeLimit(.minutes(10))) func `predictions that are kept bring an interval to every metric`() throws {
        let shop = try workshop(measure: "[predictions]")
        let lines = try shop.run("results", "--store", "store", "--all-metrics").lines
        let table = lines.joined(separator: " ")
        #expect(table.contains("binomial 95 % interval") && table.contains("a bootstrap 95 % interval"), "\(table)")
        let shown = try shop.run("analyze", "--store", "store", "--measure", "predictions")
        #expect(shown.status == 0 && shown.output.contains("predictions: how many"), "\(shown.errors)")
    }

    @Test(.timeLimit(.minutes(10))) func `is asked for later without another key, and runs again for it`() throws {
        let shop = try workshop(measure: "none")
        let always = try shop.run("analyze", "--store", "store")
        #expect(always.status == 0 && always.output.hasPrefix("training: "), "\(always.errors)")
        let nothing = try shop.run("analyze", "--store", "store", "--measure", "cost", "--measure", "convergence")
        #expect(nothing.status == 2 && nothing.errorLines.count == 1)
        #expect(nothing.errors.contains("has measured cost, convergence; give the sweep measure: [cost]"))
        let before = try shop.run("results", "--store", "store", "--json").output
        let again = try shop.run(
            "run", "sweep.yaml", "--data", "data", "--store", "store", "--set", "measure=generalization-gap")
        #expect(again.status == 0, "\(again.errors)")
        #expect(try shop.run("results", "--store", "store", "--json").output == before)
        let table = try shop.run("analyze", "--store", "store", "--measure", "generalization-gap")
        #expect(table.status == 0 && table.output.contains("dev - train"), "\(table.errors)")
        let wrong = try shop.run("analyze", "--store", "store", "--measure", "cots")
        #expect(wrong.status == 2 && wrong.errors.contains("did you mean 'cost'?"))
    }
}

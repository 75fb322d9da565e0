import Configuration
import Experiments
import Foundation
import Testing

/// The files in `configs/` are right.
struct ShippedConfigurationTests {
    private static let configs = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("configs").path

    @Test(arguments: [("ehft-small", 56, 40), ("quickstart", 16, 12), ("search-demo", 2, 2)])
    func `a shipped sweep can be planned`(name: String, stages: Int, rows: Int) throws {
        let fixture = try Fixture()
        // The demo tasks are described by a file that `headstart data demo` writes beside them.
        let demo = "train: a, dev: b, format: tsv, text: t, label: l, labels: [n, y], metrics: accuracy"
        try fixture.write("demo.yaml", "demo-single: { \(demo) }\ndemo-pair: { \(demo) }")
        let path = "\(Self.configs)/\(name).yaml"
        let catalogs = try Catalogs.read(
            besides: path, taskFiles: [fixture.directory + "/demo.yaml"], program: nil,
            environment: ["HEADSTART_CONFIGS": Self.configs, "HEADSTART_MINILM": fixture.directory])
        let plan = try fixture.plan(SweepFile.read(path, catalogs: catalogs))
        #expect(plan.stages.count == stages)
        #expect(plan.rows.count == rows)
    }
}

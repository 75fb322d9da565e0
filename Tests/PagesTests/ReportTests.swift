import Foundation
import Pages
import Testing

struct ReportTests {
    private func sample() throws -> SampleStore {
        let store = try SampleStore()
        try store.finish(store.stages("finetune") + store.stages("bitfit"), [0.8, 0.9, 0.85, 0.7, 0.75, 0.8])
        try store.fail(
            store.stages("eh-ft/1")[0],
            "/home/ada/data/train.tsv: cannot be read on \(SampleStore.host) (tcp://node-7:5555) by ada, of model svm-node-77"
        )
        return store
    }

    @Test func `a report is one whole file with everything in it`() throws {
        let store = try sample()
        let report = try #require(try SweepReport(store: store.url))
        let document = report.document()
        #expect(complaints(about: document).isEmpty, "\(complaints(about: document))")
        #expect(foreign(in: document).isEmpty)
        for part in [
            "85.00 ± 5.00", "3 pairs can never go below", "p: two-sided paired permutation test", SampleStore.host,
        ] {
            #expect(document.contains(part), "\(part)")
        }
        for stage in store.stages("finetune") {
            #expect(document.contains("href=\"#\(stage.key.short)\"") && document.contains("id=\"\(stage.key.short)\""))
            #expect(document.contains("key         \(stage.key)"), "its lineage")
        }
        #expect(try SweepReport(store: store.url, sweep: "another") == nil)
    }

    @Test func `the sweep file inside is the one beside it`() throws {
        let store = try sample()
        let report = try #require(try SweepReport(store: store.url))
        #expect(report.files.map(\.name) == ["reproduce.yaml", "tasks.yaml"])
        let document = report.document()
        let encoded = try #require(
            document.firstMatch(of: #/download="reproduce.yaml" href="data:text/yaml;base64,([^"]*)"/#))
        let text = String(decoding: try #require(Data(base64Encoded: String(encoded.1))), as: UTF8.self)
        #expect(text == report.files[0].text)
        #expect(text.contains("sweep: small\nmodel: minilm\ntasks: [cb]\nseeds: [1, 2, 3]\n"))
        #expect(text.contains("from: { head: previous }"))
    }

    @Test func `an anonymous report has neither host nor user nor path`() throws {
        let store = try sample()
        let named = try #require(try SweepReport(store: store.url)).document()
        let anonymous = try #require(try SweepReport(store: store.url, isAnonymous: true))
        let unnamed = anonymous.document()
        for secret in [SampleStore.host, "/home/ada", "/data/of", "by ada", "node-7:"] {
            #expect(named.contains(secret), "the test looks for what there is: \(secret)")
            #expect(!unnamed.contains(secret), "\(secret)")
            for file in anonymous.files { #expect(!file.text.contains(secret), "\(secret) in \(file.name)") }
        }
        #expect(!unnamed.contains(SampleStore.worker.rawValue))
        #expect(unnamed.contains("[path]: cannot be read on host-1 (tcp:[path]:5555) by user, of model svm-node-77"))
    }
}

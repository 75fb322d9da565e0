import Foundation
import TestKit
import Testing

struct ReportTests {
    @Test(.timeLimit(.minutes(10)))
    func `the sweep inside a report is planned and found done, and an anonymous one names no path`() throws {
        let shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2]
            defaults: { max-steps: 10, batch: 8, lr: 1e-3 }
            methods:
              tuned: { tune: all }
              lp-ft: [{ tune: head, share: 0.5 }, { tune: all, share: 0.5, from: { head: previous } }]
            """, to: "sweep.yaml")
        let run = try shop.run("run", "sweep.yaml", "--data", "data", "--store", "store")
        #expect(run.status == 0, "\(run.errors)")
        let told = try shop.run("report", "--store", "store", "--out", "report.html")
        #expect(told.status == 0 && told.output == "The report is in report.html.\n", "\(told.errors)")
        let report = try String(contentsOfFile: shop.path("report.html"), encoding: .utf8)
        for match in report.matches(of: #/download="([^"]+)" href="data:text/yaml;base64,([^"]+)"/#) {
            let text = String(decoding: try #require(Data(base64Encoded: String(match.2))), as: UTF8.self)
            try shop.write(text, to: "again/\(match.1)")
        }
        let plan = try shop.run(
            "plan", "again/reproduce.yaml", "--task-file", "again/tasks.yaml", "--data", "data", "--store", "store",
            "--no-measure")
        #expect(plan.output.contains("all 6 stages are done"), "\(plan.output) \(plan.errors)")
        #expect(try shop.run("report", "--store", "store", "--out", "none.html", "--anonymous").status == 0)
        let anonymous = try String(contentsOfFile: shop.path("none.html"), encoding: .utf8)
        #expect(report.contains(shop.folder) && !anonymous.contains(shop.folder))
        let host = ProcessInfo.processInfo.hostName
        let asWord = try Regex("\\b\(NSRegularExpression.escapedPattern(for: host))\\b")
        #expect(report.contains(asWord) && !anonymous.contains(asWord))
        #expect(try shop.run("report", "--store", "store", "--out", "x", "--sweep", "other").status == 2)
    }
}

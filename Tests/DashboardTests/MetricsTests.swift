import Dashboard
import Experiments
import Foundation
import Ledger
import TestKit
import Testing

struct MetricsTests {
    private let text: String

    init() throws {
        let stage = try makeStage(label: "eh-ft/1", seed: 1)
        let worker = WorkerID(rawValue: "w1")
        let record = StageRecord(
            key: stage.key, standing: .running(on: worker), attempts: 1,
            progress: StageProgress(step: 3, steps: 9, loss: 0.5, tokensPerSecond: 1234.5))
        let node = NodeSettings(ranks: 1, threads: 1, host: "no\"de\\1\n", blasCore: "Haswell")
        let report = CoordinatorReport(
            sweeps: [], running: [RunningStage(stage, record)],
            workers: [
                WorkerStanding(worker: worker, node: node, stage: stage.key, secondsSinceHeard: 1, isDraining: false)
            ])
        var tallies = Tallies()
        tallies.stages = [.finished: 7]
        tallies.failures = [.diverged: 2]
        tallies.tokens = 1_000_000_007
        text = Metrics(tallies: tallies, report: report, freeBytes: 1 << 40).text
    }

    @Test func `every line is one of Prometheus' text form`() throws {
        var families: Set<Substring> = []
        var current: (help: Substring, type: Substring)?
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            if let match = line.firstMatch(of: /^# HELP (headstart_[a-z_]+) [^\\]+$/) {
                #expect(families.insert(match.1).inserted, "\(match.1) comes twice")
                current = (match.1, "")
            } else if let match = line.firstMatch(of: /^# TYPE (headstart_[a-z_]+) (gauge|counter)$/) {
                #expect(current?.help == match.1)
                #expect((match.2 == "counter") == match.1.hasSuffix("_total"), "\(match.1)")
                current?.type = match.2
            } else {
                let sample = /^(headstart_[a-z_]+)(\{[a-z]+="(?:[^"\\\n]|\\[\\"n])*"\})? -?[0-9][0-9.e+]*$/
                let match = try #require(line.firstMatch(of: sample), "\(line)")
                #expect(match.1 == current?.help && current?.type != "", "\(line)")
            }
        }
        #expect(text.hasSuffix("\n") && families.count > 10)
    }

    @Test(arguments: [
        "headstart_stages{state=\"finished\"} 7", "headstart_stages{state=\"waiting\"} 0",
        "headstart_attempt_failures_total{cause=\"diverged\"} 2", "headstart_trained_tokens_total 1000000007",
        "headstart_store_free_bytes 1099511627776", "headstart_coordinator_up 1",
        #"headstart_tokens_per_second{host="no\"de\\1\n"} 1234.5"#,
        "headstart_build_info{version=\"\(programVersion)\"} 1",
    ])
    func `what is known is said`(line: String) {
        #expect(text.split(separator: "\n").contains { $0 == line }, "\(text)")
    }

    @Test func `without a coordinator nothing is said of hosts`() {
        let text = Metrics(tallies: Tallies(), report: nil, freeBytes: nil).text
        #expect(text.contains("headstart_coordinator_up 0\n") && !text.contains("host"))
        #expect(!text.contains("free_bytes"))
    }
}

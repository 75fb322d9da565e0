package import Experiments
package import Ledger

/// What a store and its coordinator tell of themselves, for Prometheus.
package struct Metrics: Sendable {
    package let tallies: Tallies
    /// nil where no coordinator answers.
    package let report: CoordinatorReport?
    /// nil where the system does not tell.
    package let freeBytes: Int?

    package init(tallies: Tallies, report: CoordinatorReport?, freeBytes: Int?) {
        self.tallies = tallies
        self.report = report
        self.freeBytes = freeBytes
    }

    /// Version 0.0.4 of its text form.
    package var text: String { families.filter { !$0.samples.isEmpty }.map(\.text).joined() }

    static let type = "text/plain; version=0.0.4; charset=utf-8"

    private var families: [Family] {
        [
            Family("build_info", .gauge, "The program that answers.", [Sample(1, ["version": programVersion])]),
            Family(
                "coordinator_up", .gauge, "Whether a coordinator works on the store and answers.",
                [Sample(report == nil ? 0 : 1)]),
            Family(
                "stages", .gauge, "Stages that the store knows, by state.",
                StageState.allCases.map { Sample(tallies.stages[$0] ?? 0, ["state": $0.rawValue]) }),
            Family("attempts_total", .counter, "Attempts that began.", [Sample(tallies.attempts)]),
            Family(
                "attempt_failures_total", .counter, "Attempts that ended without a result, by cause.",
                StageFailure.Cause.allCases.map { Sample(tallies.failures[$0] ?? 0, ["cause": $0.rawValue]) }),
            Family(
                "trained_tokens_total", .counter, "Tokens that finished stages were trained on.",
                [Sample(tallies.tokens)]),
            Family(
                "training_seconds_total", .counter, "What finished stages took, of one worker group each.",
                [Sample(tallies.seconds)]),
            Family(
                "artifact_bytes", .gauge, "What the artifacts of results have, before any was let go.",
                [Sample(tallies.artifactBytes)]),
            Family(
                "store_free_bytes", .gauge, "What is free where the store lies.", freeBytes.map { [Sample($0)] } ?? []),
        ] + (report.map(live) ?? [])
    }

    private func live(_ report: CoordinatorReport) -> [Family] {
        let groups = Dictionary(grouping: report.workers, by: \.node.host).sorted { $0.key < $1.key }
        let hosts = Dictionary(report.workers.map { ($0.worker, $0.node.host) }) { first, _ in first }
        var speeds = groups.reduce(into: [String: Double]()) { $0[$1.key] = 0 }
        for stage in report.running {
            guard let host = stage.worker.flatMap({ hosts[$0] }) else { continue }
            speeds[host, default: 0] += stage.progress?.tokensPerSecond ?? 0
        }
        return [
            Family(
                "worker_groups", .gauge, "Worker groups that are connected, by host.",
                groups.map { Sample($0.value.count, ["host": $0.key]) }),
            Family(
                "tokens_per_second", .gauge, "Tokens that stages train on a second now, by host.",
                speeds.sorted { $0.key < $1.key }.map { Sample($0.value, ["host": $0.key]) }),
            Family("hosts_draining", .gauge, "Hosts whose workers are to leave.", [Sample(report.draining.count)]),
            Family(
                "hosts_resting", .gauge, "Hosts that are given nothing for a while, after failures of their own.",
                [Sample(report.resting.count)]),
            Family(
                "store_unwritable", .gauge, "Whether the coordinator cannot write its store.",
                [Sample(report.trouble == nil ? 0 : 1)]),
        ]
    }
}

/// A metric with its values.
private struct Family {
    enum Kind: String { case gauge, counter }

    let name: String
    let kind: Kind
    let help: String
    let samples: [Sample]

    init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        self.name = "headstart_\(name)"
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    var text: String {
        let lines = ["# HELP \(name) \(help)", "# TYPE \(name) \(kind.rawValue)"] + samples.map { name + $0.text }
        return lines.joined(separator: "\n") + "\n"
    }
}

private struct Sample {
    private let value: String
    private let labels: [String: String]

    init(_ value: some Numeric & CustomStringConvertible, _ labels: [String: String] = [:]) {
        self.value = value.description
        self.labels = labels
    }

    var text: String {
        let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
        return (pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}") + " \(value)"
    }

    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { escaped, scalar in
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
    }
}

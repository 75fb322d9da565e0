package import Experiments

/// What the hosts of a cluster say of themselves: what `headstart doctor --cluster` shows.
package struct ClusterReport: Encodable, Sendable {
    private let hosts: [Host]

    /// What became of asking one host.
    package struct Host: Encodable, Sendable {
        let name: String
        let report: HostReport?
        /// Why there is no report.
        let problem: String?
        /// That host's clock less ours; nil where it did not answer.
        let clockOffsetSeconds: Double?

        /// - Parameter heardAt: when the report came, by our clock.
        package init(_ name: String, _ report: HostReport, heardAt: Timestamp) {
            self.name = name
            self.report = report
            problem = nil
            clockOffsetSeconds = Double(report.clock.milliseconds(since: heardAt)) / 1000
        }

        package init(_ name: String, problem: String) {
            self.name = name
            self.problem = problem
            report = nil
            clockOffsetSeconds = nil
        }

        package func encode(to encoder: any Encoder) throws {
            try encoder.encode([
                "name": name, "report": report, "problem": problem, "clockOffsetSeconds": clockOffsetSeconds,
            ])
        }
    }

    package init(_ hosts: [Host]) { self.hosts = hosts }

    /// Those that did not answer.
    package var silent: [String] { hosts.filter { $0.report == nil }.map(\.name) }

    package func text(width: Int = .max) -> String {
        var table = Columns([
            ("host", .left), ("cores", .right), ("memory", .right), ("core type", .left), ("GFLOP/s", .right),
            ("bf16", .left), ("clock", .right), ("version", .left), ("to mend", .right),
        ])
        for host in hosts {
            guard let report = host.report else {
                table.add([host.name] + Array(repeating: "–", count: 8))
                continue
            }
            table.add([
                host.name, "\(report.cores)", memory(bytes: report.memoryBytes), report.blas.core,
                "\(Int(report.blas.gigaflops))", report.bfloatUnit ?? "software", host.clock, report.program,
                "\(host.findings.count)",
            ])
        }
        let silence = hosts.compactMap { host in host.problem.map { "\(host.name) does not answer: \($0)" } }
        let notes = silence + differences
        let said = notes.isEmpty ? [] : [""] + folded(notes, width: width)
        return (table.lines(width: width) + said + remedies(width)).joined(separator: "\n")
    }

    /// What should be alike on all hosts.
    private var differences: [String] {
        let kinds: [(String, (HostReport) -> String)] = [
            ("headstart", { $0.program }), ("MPI", { $0.mpi ?? "none" }), ("ZeroMQ", { $0.zeroMQ }),
        ]
        return kinds.compactMap { name, version in
            let known = hosts.compactMap { host in host.report.map { (host.name, version($0)) } }
            guard Set(known.map(\.1)).count > 1 else { return nil }
            return "the hosts have different versions of \(name): "
                + known.map { "\($0) \($1)" }.joined(separator: ", ")
        }
    }

    /// Each finding once, with the hosts that have it.
    private func remedies(_ width: Int) -> [String] {
        let all = hosts.flatMap { host in host.findings.map { (host.name, $0) } }
        return all.map(\.1).distinct().flatMap { finding in
            let names = all.filter { $0.1 == finding }.map(\.0).joined(separator: ", ")
            return [""] + folded(["! \(names): \(finding.sentence)"], width: width) + ["    \(finding.command)"]
        }
    }
}

extension ClusterReport.Host {
    fileprivate var clock: String {
        guard let seconds = clockOffsetSeconds else { return "–" }
        return abs(seconds) < 1 ? "ours" : (seconds > 0 ? "+" : "") + "\(decimals(seconds, 0)) s"
    }

    /// The host's own, and that its clock is not ours.
    fileprivate var findings: [HostFinding] {
        guard let report, let seconds = clockOffsetSeconds else { return [] }
        guard abs(seconds) > 2 else { return report.findings }
        let way = seconds < 0 ? "behind" : "before"
        return report.findings.filter { $0.subject != .clock } + [
            HostFinding(
                subject: .clock, sentence: "the clock is \(decimals(abs(seconds), 0)) s \(way) this host's",
                command: HostFinding.clockCommand)
        ]
    }
}

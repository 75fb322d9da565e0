import ArgumentParser
import Experiments
import Files
import Foundation
import Messages
import Numerics
import Reports
import Transport

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Shows what this machine offers, and what to do where it could offer more; of a cluster's hosts, too.",
        discussion: """
            Processor, OpenBLAS core and speed, bf16, MPI, ZeroMQ, memory and disk; and for whatever makes training slower, or \
            ends it, the command that mends it.

            With --cluster it asks every host over ssh: those that work for the coordinator of --store, else those of --hosts. \
            The program is at the same path there, as for cluster/launch.

            EXAMPLE
              headstart doctor --store results
              headstart doctor --cluster --hosts cluster/hosts
            """)

    @OptionGroup var output: OutputOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The store, there or to be, whose disk is tried; otherwise where workers keep their files.",
            valueName: "directory"), completion: .directory)
    var store: String?

    @Flag(name: .long, help: "Ask every host of a cluster.")
    var cluster = false

    @Option(
        name: .long,
        help: ArgumentHelp("With --cluster: the hosts, the first word of a line each.", valueName: "file"),
        completion: .file())
    var hosts = "cluster/hosts"

    @Flag(
        name: .long,
        help: ArgumentHelp("Measure only OpenBLAS, with the core type that it chooses by itself.", visibility: .hidden))
    var asItComes = false

    func run() throws {
        if asItComes { return try Screen.json(HostReport.Products.measured()) }
        if cluster { return try examineCluster() }
        let report = HostReport.measured(store: store ?? Machine.cache)
        if output.json { return try Screen.json(report) }
        try Screen.line(report.text(ranks: RankCount.auto.count(groups: 1), width: Screen.width))
    }

    private func examineCluster() throws {
        let names = try workingHosts() ?? listedHosts()
        let asked = try names.map { name in
            let program = try Machine.program()
            return Thread.result { Self.ask(name, program) }
        }
        let report = ClusterReport(try asked.map { try $0() })
        if output.json { try Screen.json(report) } else { try Screen.line(report.text(width: Screen.width)) }
        guard report.silent.isEmpty else {
            throw WorkFailed("\(counted(report.silent.count, "host")) of \(names.count) did not answer")
        }
    }

    /// Those of the groups that are connected to the store's coordinator; nil where none answers.
    private func workingHosts() throws -> [String]? {
        guard let store, case .status(let report)? = try CoordinatorClient.ask(store: store, .status) else {
            return nil
        }
        guard !report.workers.isEmpty else {
            throw WorkFailed("\(store): no worker is connected to its coordinator")
        }
        return report.workers.map(\.node.host).distinct()
    }

    private func listedHosts() throws -> [String] {
        let text = String(decoding: try Disk.readToEnd(hosts, atMost: 1 << 20), as: UTF8.self)
        let words = text.split(separator: "\n").compactMap { $0.split { $0 == " " || $0 == "\t" }.first }
        let names = words.filter { !$0.hasPrefix("#") }.map(String.init).distinct()
        guard !names.isEmpty else { throw BadRequest("\(hosts): names no host") }
        return names
    }

    /// A host that stands still is given up after a while.
    private static func ask(_ host: String, _ program: String) -> ClusterReport.Host {
        do {
            let command = [program, "doctor", "--json"].map { "'\($0)'" }.joined(separator: " ")
            let remote = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "--", host, command]
            let words = host == Machine.host ? [program, "doctor", "--json"] : remote
            let text = try headstart.output(of: "timeout", ["--kill-after=5", "120"] + words)
            let heardAt = Timestamp.now
            return .init(host, try CanonicalJSON.decode(HostReport.self, from: Data(text.utf8)), heardAt: heardAt)
        } catch let error as DecodingError {
            return .init(host, problem: "it answers otherwise than this version does (\(error))")
        } catch {
            return .init(host, problem: "\(error)")
        }
    }
}

extension HostReport {
    fileprivate static func measured(store: String) -> HostReport {
        let version = Context.libraryVersion
        let mpi = capture("mpirun", ["--version"])?.split(separator: "\n").first.map(String.init)
        var report = HostReport(
            host: Machine.host, program: programVersion, processor: Machine.processor, cores: Machine.cores,
            hardwareThreads: Topology.here.cores.joined().count, memories: Topology.here.memories,
            blas: .measured(), blasAsItComes: .measuredAsItComes(), bfloatUnit: OneDNN.bfloatUnit?.rawValue,
            oneDNN: OneDNN.version, mpi: mpi, zeroMQ: "\(version.major).\(version.minor).\(version.patch)",
            curve: Context.hasCurve, readings: .probed(store: store, mpi: mpi), clock: .now)
        report.clock = .now
        return report
    }
}

extension HostReport.Products {
    fileprivate static func measured() -> Self {
        let compute = Compute(threads: Machine.cores)
        let gigaflops = BLASCore.gigaflops(compute)
        return Self(core: BLASCore.current, gigaflops: gigaflops.rounded())
    }

    /// Measured in a process of its own, since a process keeps the core type it was loaded with.
    fileprivate static func measuredAsItComes() -> Self? {
        guard let program = try? Machine.program() else { return nil }
        let text = capture(program, ["doctor", "--as-it-comes"], without: BLASCore.variable)
        return text.flatMap { try? JSONDecoder().decode(Self.self, from: Data($0.utf8)) }
    }
}

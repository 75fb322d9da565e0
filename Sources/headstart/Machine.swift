import Collectives
import Experiments
import Foundation
import Numerics
import Reports
import Transport

/// What this machine offers, as the system tells it.
enum Machine {
    /// The folder for what can be had again.
    static var cache: String {
        let environment = ProcessInfo.processInfo.environment
        // Foundation's home is the one in the system's list of users, whatever HOME says.
        return environment["HEADSTART_CACHE"] ?? "\(environment["HOME"] ?? NSHomeDirectory())/.cache/headstart"
    }

    static var host: String { ProcessInfo.processInfo.hostName }

    /// The path of this program.
    static func program() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }

    /// Cores that this process may use; one with several hardware threads counts once, since these share what computes.
    static var cores: Int { Topology.here.cores.count }

    /// Keeps this process, if it is one of several ranks that this program had started on this host, to cores of its own.
    /// Where the system refuses, it places them, and so it does with more threads than these cores: who asks for as many
    /// has other ranks idle.
    static func takeCores(threads: Int? = nil) {
        guard let place = MPIRun.place(),
            let cores = Topology.here.share(of: place.process, among: place.processes), threads ?? 1 <= cores.count
        else { return }
        _ = Topology.bind(to: cores)
    }

    /// The processor's name; its architecture where the system does not tell.
    static var processor: String {
        let model = firstLine(of: "/proc/cpuinfo", beginning: "model name")
        return model.map { $0.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces) } ?? "unknown"
    }

    /// Memory of the machine, or less where a container, a batch system or a limit allows less.
    static var memoryBytes: Int { HostReadings.here.allowedBytes }

    /// Takes as many descriptors as the system allows: each file and each connection is one.
    static func demandDescriptors() throws(BadRequest) {
        let (allowed, needed) = (Descriptors.raiseLimit(), 256)
        guard allowed >= needed else {
            throw BadRequest(
                "a process may have only \(allowed) files and connections open here, and \(needed) are needed; "
                    + "raise the limit (ulimit -n 1024, or LimitNOFILE= of a systemd unit)")
        }
    }

    /// The threads of this process, where there is memory for them.
    static func compute(threads: Int) throws(WorkFailed) -> Compute {
        guard Compute.isPossible else {
            throw WorkFailed("out of memory: \(Compute.lack); raise the limit (ulimit -v) or free some")
        }
        if BLASCore.isNarrow, MPILaunch.speaks {
            Screen.note(
                "headstart: this processor has no AVX2: all works, but several times slower")
        }
        return Compute(threads: threads)
    }

    private static func firstLine(of path: String, beginning: String) -> String? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first { $0.hasPrefix(beginning) }.map(String.init)
    }
}

extension NodeSettings {
    /// This machine, as a result's provenance tells it.
    static func here(ranks: Int, threads: Int) -> NodeSettings {
        NodeSettings(
            ranks: ranks, threads: threads, host: Machine.host, blasCore: BLASCore.current, program: programVersion)
    }
}

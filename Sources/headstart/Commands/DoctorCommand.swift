import ArgumentParser
import Foundation
import Numerics
import Transport

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Shows what this machine offers: processor, OpenBLAS core and speed, bf16, MPI, ZeroMQ, memory.",
        discussion: """
            EXAMPLE
              headstart doctor --json
            """)

    @OptionGroup var output: OutputOptions

    @Flag(name: .long, help: "Measure only OpenBLAS, with the core type that it chooses by itself.")
    var asItComes = false

    func run() throws {
        if asItComes { return try Screen.json(Products.measured()) }
        let report = Report()
        if output.json { return try Screen.json(report) }
        for line in report.lines { try Screen.line(line) }
    }

    /// What OpenBLAS computes with one core type.
    private struct Products: Codable {
        let core: String
        let gigaflops: Double

        static func measured() -> Products {
            let compute = Compute(threads: Machine.cores)
            let gigaflops = BLASCore.gigaflops(compute)
            return Products(core: BLASCore.current, gigaflops: gigaflops.rounded())
        }

        /// Measured in a process of its own, since a process keeps the core type it was loaded with.
        static func measuredAsItComes() -> Products? {
            guard let program = try? Machine.program() else { return nil }
            let text = capture(program, ["doctor", "--as-it-comes"], without: BLASCore.variable)
            return text.flatMap { try? JSONDecoder().decode(Products.self, from: Data($0.utf8)) }
        }
    }

    private struct Report: Encodable {
        let host = Machine.host
        let processor = Machine.processor
        let cores = Machine.cores
        let hardwareThreads = Topology.here.cores.joined().count
        /// Memories near to some of the cores each.
        let memories = Topology.here.memories
        let memoryBytes = Machine.memoryBytes
        let blas = Products.measured()
        let blasAsItComes = Products.measuredAsItComes()
        /// What multiplies bfloat16; nil where no instruction does.
        let bfloatUnit = OneDNN.bfloatUnit?.rawValue
        let oneDNN = OneDNN.version
        let mpi = capture("mpirun", ["--version"])?.split(separator: "\n").first.map(String.init)
        let zeroMQ: String
        let curve = Context.hasCurve

        init() {
            let version = Context.libraryVersion
            zeroMQ = "\(version.major).\(version.minor).\(version.patch)"
        }

        var lines: [String] {
            let asItComes = blasAsItComes.map { "; as it comes: \($0.core), \(Int($0.gigaflops)) GFLOP/s" } ?? ""
            return [
                "host       \(host)",
                "processor  \(processor), \(cores) cores",
                "topology   \(hardwareThreads) hardware threads, NUMA nodes: \(memories); --ranks auto: "
                    + "\(RankCount.auto.count(groups: 1)) x \(max(1, cores / RankCount.auto.count(groups: 1))) threads",
                "memory     \(memoryBytes >> 30) GiB",
                "OpenBLAS   core \(blas.core), \(Int(blas.gigaflops)) GFLOP/s\(asItComes)",
                "bf16       by \(bfloatUnit ?? "software"); oneDNN \(oneDNN)",
                "MPI        \(mpi ?? "mpirun is not installed; install openmpi-bin")",
                "ZeroMQ     \(zeroMQ), \(curve ? "with" : "without") CURVE encryption",
            ]
        }
    }
}

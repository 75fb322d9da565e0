package import Experiments

/// What a host offers, and what of it could be better: what `headstart doctor` shows.
package struct HostReport: Codable, Sendable {
    package let host: String
    package let program: String
    package let processor: String
    package let cores: Int
    package let hardwareThreads: Int
    /// Memories near to some of the cores each.
    package let memories: Int
    package let memoryBytes: Int
    package let blas: Products
    package let blasAsItComes: Products?
    /// What multiplies bfloat16; nil where no instruction does.
    package let bfloatUnit: String?
    package let oneDNN: String
    package let mpi: String?
    package let zeroMQ: String
    package let curve: Bool
    package let readings: HostReadings
    package let findings: [HostFinding]
    /// The host's clock as the report was finished.
    package var clock: Timestamp

    /// What OpenBLAS computes with one core type.
    package struct Products: Codable, Hashable, Sendable {
        package let core: String
        package let gigaflops: Double

        package init(core: String, gigaflops: Double) {
            self.core = core
            self.gigaflops = gigaflops
        }
    }

    package init(
        host: String, program: String, processor: String, cores: Int, hardwareThreads: Int, memories: Int,
        blas: Products, blasAsItComes: Products?, bfloatUnit: String?, oneDNN: String, mpi: String?, zeroMQ: String,
        curve: Bool, readings: HostReadings, clock: Timestamp
    ) {
        self.host = host
        self.program = program
        self.processor = processor
        self.cores = cores
        self.hardwareThreads = hardwareThreads
        self.memories = memories
        memoryBytes = readings.allowedBytes
        self.blas = blas
        self.blasAsItComes = blasAsItComes
        self.bfloatUnit = bfloatUnit
        self.oneDNN = oneDNN
        self.mpi = mpi
        self.zeroMQ = zeroMQ
        self.curve = curve
        self.readings = readings
        findings = readings.findings
        self.clock = clock
    }

    /// - Parameter ranks: what `--ranks auto` makes of the host.
    package func text(ranks: Int, width: Int = .max) -> String {
        let asItComes = blasAsItComes.map { "; as it comes: \($0.core), \(Int($0.gigaflops)) GFLOP/s" } ?? ""
        let sync = readings.syncMilliseconds.map { "\(decimals($0, 1)) ms to keep a few bytes in \(readings.store)" }
        let lines = [
            "host       \(host)",
            "processor  \(processor), \(cores) cores",
            "topology   \(hardwareThreads) hardware threads, NUMA nodes: \(memories); --ranks auto: "
                + "\(ranks) x \(max(1, cores / ranks)) threads",
            "memory     \(memory(bytes: memoryBytes))",
            "OpenBLAS   core \(blas.core), \(Int(blas.gigaflops)) GFLOP/s\(asItComes)",
            "bf16       by \(bfloatUnit ?? "software"); oneDNN \(oneDNN)",
            "MPI        \(mpi ?? "mpirun is not installed"); built with \(readings.builtWithMPI)",
            "ZeroMQ     \(zeroMQ), \(curve ? "with" : "without") CURVE encryption",
            "disk       \(sync ?? "nothing can be written to \(readings.store)")",
        ]
        let remedies = findings.flatMap { folded(["! \($0.sentence)"], width: width) + ["    \($0.command)"] }
        return (lines + [""] + (remedies.isEmpty ? ["Nothing here needs mending."] : remedies)).joined(separator: "\n")
    }
}

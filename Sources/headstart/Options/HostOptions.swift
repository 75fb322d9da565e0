import ArgumentParser
import Reports
import Training

/// Hosts that a sweep is planned for besides this machine.
struct HostOptions: ParsableArguments {
    @Option(
        name: .customLong("hosts"),
        help: "Say into what worker groups so many hosts are divided best, with --threads for each rank or else 1.")
    var count: Int?

    @Option(name: .long, help: "Cores of each of the hosts; this machine's otherwise.")
    var cores: Int?

    @Option(
        name: .long,
        help: "GFLOP/s of each rank, of whatever kind, instead of what this machine is measured to do.")
    var gigaflops: Double?

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--hosts must be 1 or more") }
        if let cores, cores < 1 { throw ValidationError("--cores must be 1 or more") }
        if let gigaflops, !(1e-3...1e6).contains(gigaflops) {
            throw ValidationError("--gigaflops must be from 0.001 to 1000000")
        }
        if count == nil, cores != nil { throw ValidationError("--cores goes with --hosts") }
    }

    /// Of each rank; nil where nobody asks for other hosts.
    func threads(_ node: NodeOptions) -> Int? { count == nil ? nil : node.threads ?? 1 }

    var speed: HostSpeed? { gigaflops.map { HostSpeed(gigaflops: $0) } }

    func hosts(_ node: NodeOptions) throws -> GroupSizes.Hosts? {
        guard let count, let threads = threads(node) else { return nil }
        let cores = cores ?? Machine.cores
        guard cores >= threads else {
            throw BadRequest("a rank of \(threads) threads has no room on \(cores) cores; take fewer --threads")
        }
        return GroupSizes.Hosts(count: count, ranks: cores / threads)
    }
}

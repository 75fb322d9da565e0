import ArgumentParser

/// What a run may take of this machine; it changes results by rounding at most.
struct NodeOptions: ParsableArguments {
    @Option(name: .long, help: "Threads of each process. All cores divided among the processes otherwise.")
    var threads: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            The most memory of each process, as 4GiB: batches are worked off in parts and, where that is not enough, \
            activations are computed again.
            """, valueName: "size"))
    var memory: MemorySize?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads must be 1 or more") }
    }

    /// - Parameter ranks: processes that share this machine.
    func threadCount(ranks: Int) -> Int { threads ?? max(1, Machine.cores / ranks) }

    /// The same limit for another process.
    var memoryArguments: [String] { memory.map { ["--memory", "\($0.bytes)"] } ?? [] }
}

/// A number of bytes, as people write it: "4GiB", "512 MB", "4294967296".
struct MemorySize: ExpressibleByArgument {
    let bytes: Int

    private static let units: [(name: String, bytes: Double)] = [
        ("GiB", 0x1p30), ("MiB", 0x1p20), ("KiB", 0x1p10), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("G", 0x1p30),
        ("M", 0x1p20), ("", 1),
    ]

    init?(argument: String) {
        for unit in Self.units where argument.hasSuffix(unit.name) {
            let number = Double(argument.dropLast(unit.name.count).trimmingCharacters(in: .whitespaces))
            guard let number, 0x1p20..<0x1p60 ~= number * unit.bytes else { return nil }
            bytes = Int(number * unit.bytes)
            return
        }
        return nil
    }
}

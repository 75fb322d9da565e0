import ArgumentParser

/// What a run may take of this machine; it changes results by rounding at most.
struct NodeOptions: ParsableArguments {
    @Option(name: .long, help: "Threads of each process. All cores divided among the processes otherwise.")
    var threads: Int?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads must be 1 or more") }
    }

    /// - Parameter ranks: processes that share this machine.
    func threadCount(ranks: Int) -> Int { threads ?? max(1, Machine.cores / ranks) }
}

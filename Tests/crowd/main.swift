import ArgumentParser

/// Both sides of a measurement of the coordinator, each a process of its own.
struct Crowd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crowd", abstract: "The real coordinator of a synthetic sweep, and workers that train nothing.",
        subcommands: [Coordinate.self, Work.self])
}

Crowd.main()

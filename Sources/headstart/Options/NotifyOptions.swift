import ArgumentParser

/// How a person who does not look is told.
struct NotifyOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Run this with the shell when the sweep ends, a stage fails, or nothing moves any more; a JSON object on its "
                + "standard input says which.", valueName: "command"))
    var notify: String?

    @Flag(name: .long, help: "Ring the terminal's bell then.")
    var bell = false

    @Option(
        name: .customLong("stall"), help: ArgumentHelp("After how long nothing has moved.", valueName: "minutes"))
    var stallMinutes = 15

    var isAsked: Bool { notify != nil || bell }

    func validate() throws {
        if stallMinutes < 1 || stallMinutes > 100_000 {
            throw ValidationError("--stall must be from 1 to 100000 minutes")
        }
    }
}

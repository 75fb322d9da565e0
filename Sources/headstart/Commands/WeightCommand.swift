import ArgumentParser
import Messages
import Reports

struct WeightCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weight",
        abstract: "Gives a sweep more or less of the hosts' time than others of the same coordinator.",
        discussion: """
            Sweeps begin with 1. One of weight 2 has twice the time of one of weight 1 where both have stages of the same \
            priority that could run. It holds until another is given, also for a coordinator that is started again.

            EXAMPLE
              headstart weight 2 --store results --sweep ehft-small
            """)

    @Argument(help: "The weight, a number above 0 as 2 or 0.5.")
    var weight: Double

    @OptionGroup var client: ClientOptions

    @Option(name: .long, help: "The sweep's name.", completion: .sweeps)
    var sweep: String

    func validate() throws {
        guard isWeight(weight) else { throw ValidationError("a weight is a number above 0, as 2 or 0.5") }
    }

    func run() throws {
        _ = try client.ask(.weight(sweep: sweep, weight))
        try Screen.line("Sweep \(sweep): weight \(significant(weight, 6)).")
    }
}

import ArgumentParser
import Transport

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes a key pair for encrypted connections between hosts.",
        discussion: """
            Writes NAME, which holds the secret key and stays where it is, and NAME.pub, which may be handed out. The \
            coordinator takes its own key and a file of the workers' public keys, one a line; each worker takes its \
            own key and the coordinator's NAME.pub.

            EXAMPLE
              headstart keys --out ~/.headstart/worker-7
            """)

    @Option(name: .long, help: ArgumentHelp("The secret key's file; it must not exist yet.", valueName: "name"))
    var out: String

    func run() throws {
        let pair = try CurveKeyPair.generate()
        try pair.save(to: out)
        try Screen.line("Wrote \(out) and \(out).pub. The public key is \(pair.publicKey)")
    }
}

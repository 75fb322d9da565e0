import ArgumentParser
import Files
import Foundation
import Transport

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes the key pairs for encrypted connections between hosts.",
        discussion: """
            A pair is NAME, which holds the secret key, and NAME.pub, which may be handed out. With --cluster it makes \
            all that a cluster needs in one folder: coordinator, a pair for each worker host, client for those who give \
            commands, and the lists `admitted` and `clients` of who is let in. Pairs that are there already stay. Each \
            host is given its own pair and coordinator.pub; a worker is its key, so no two hosts \
            share one but those of a batch system's jobs, which nobody knows before.

            EXAMPLE
              headstart keys --cluster ~/.headstart host-a host-b host-c
              headstart keys --out ~/.headstart/worker-7
            """)

    @Option(
        name: .long, help: ArgumentHelp("One pair: the secret key's file, which must not exist.", valueName: "name"))
    var out: String?

    @Option(name: .long, help: ArgumentHelp("The folder for the keys of a whole cluster.", valueName: "directory"))
    var cluster: String?

    @Argument(help: "The names of the worker hosts, with --cluster.")
    var hosts: [String] = []

    func validate() throws {
        guard (out == nil) != (cluster == nil) else { throw ValidationError("give either --out or --cluster") }
        guard hosts.isEmpty == (cluster == nil) else {
            throw ValidationError("--cluster and the names of worker hosts go together")
        }
        let taken = Set(["coordinator", "client", "admitted", "clients"])
        if let host = hosts.first(where: { $0.contains("/") || $0.hasPrefix(".") || taken.contains($0) }) {
            throw ValidationError("a host cannot be called '\(host)' here")
        }
    }

    func run() throws {
        if let out { try make(out) }
        guard let cluster else { return }
        for name in ["coordinator", "client"] + hosts where access("\(cluster)/\(name)", F_OK) != 0 {
            try make("\(cluster)/\(name)")
        }
        try list(hosts, in: cluster, as: "admitted")
        try list(["client"], in: cluster, as: "clients")
    }

    private func make(_ path: String) throws {
        let pair = try CurveKeyPair.generate()
        try pair.save(to: path)
        try Screen.line("Wrote \(path) and \(path).pub. The public key is \(pair.publicKey)")
    }

    /// Adds the public keys of these pairs to a list of admitted keys.
    private func list(_ names: [String], in folder: String, as list: String) throws {
        let path = "\(folder)/\(list)"
        let lines = try names.map { "\(try CurvePublicKey(path: "\(folder)/\($0).pub")) \($0)" }
        let known = access(path, F_OK) == 0 ? try String(contentsOfFile: path, encoding: .utf8) : ""
        let all = known.split(separator: "\n").map(String.init)
        let text = (all + lines.filter { !all.contains($0) }).map { $0 + "\n" }.joined()
        try AtomicFile.write(Data(text.utf8), to: path)
    }
}

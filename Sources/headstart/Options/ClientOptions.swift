import ArgumentParser
import Coordinator
import Experiments
import Messages
import Scheduler
import Transport

/// How a command reaches a running coordinator.
struct ClientOptions: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("The store of a coordinator on this machine.", valueName: "directory"),
        completion: .directory)
    var store: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The --control address of a coordinator elsewhere, as tcp://10.0.0.1:5557.", valueName: "url"))
    var coordinator: String?

    @Option(name: .long, help: ArgumentHelp("A client's secret key, made by 'headstart keys'.", valueName: "file"))
    var clientKey: String?

    @Option(name: .long, help: ArgumentHelp("The coordinator's public key.", valueName: "file"))
    var coordinatorKey: String?

    func validate() throws {
        guard (store == nil) != (coordinator == nil) else {
            throw ValidationError("give either --store or --coordinator")
        }
        guard (clientKey == nil) == (coordinatorKey == nil), clientKey == nil || coordinator != nil else {
            throw ValidationError("--client-key and --coordinator-key go together, with --coordinator")
        }
    }

    /// - Returns: nil where no coordinator answers.
    func askIfThere(_ request: Request, seconds: Double = 10) throws -> Reply? {
        if let store { return try answer(CoordinatorClient.ask(store: store, request, seconds: seconds)) }
        guard let coordinator else { return nil }
        var credentials: Credentials?
        if let clientKey, let coordinatorKey {
            credentials = Credentials(
                own: try CurveKeyPair(path: clientKey), server: try CurvePublicKey(path: coordinatorKey))
        }
        let client = try CoordinatorClient(Endpoint(coordinator), credentials: credentials)
        return try answer(client.ask(request, seconds: seconds))
    }

    func ask(_ request: Request, seconds: Double = 10) throws -> Reply {
        if let reply = try askIfThere(request, seconds: seconds) { return reply }
        throw WorkFailed(
            "no coordinator answers \(store.map { "in \($0)" } ?? "at \(coordinator ?? "")"); does one run there?")
    }

    /// Asks, and says to how many stages it made a difference.
    ///
    /// - Parameter command: what is done to the ledger itself where its store has no coordinator.
    func obey(_ request: Request, offline command: Command? = nil, _ change: String) throws {
        let count: Int
        if let store, let command, try askIfThere(.status) == nil {
            count = try perform(command, on: store).count
        } else if case .done(let changed) = try ask(request) {
            count = changed
        } else {
            throw WorkFailed("the coordinator gave another answer")
        }
        try Screen.line("\(change): \(count == 1 ? "1 stage" : "\(count) stages").")
    }

    private func answer(_ reply: Reply?) throws -> Reply? {
        if case .refused(let reason) = reply { throw BadRequest("the coordinator refuses: \(reason)") }
        return reply
    }
}

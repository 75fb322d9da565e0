import ArgumentParser
import Coordinator
import Dashboard
import Experiments
import Messages
import Transport

/// Where a dashboard listens, beside a sweep or alone.
struct TokenOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the dashboard asks for and lets commands in by; made where it is missing. Needed where other "
                + "machines can connect.", valueName: "file"))
    var tokenFile: String?

    /// Begins to serve, and says where on standard output.
    func serve(_ store: String, at address: String) throws -> Dashboard {
        let token = try tokenFile.map { AccessToken(try SecretFile.readOrMake($0)) }
        let dashboard = try Dashboard(
            store: store, at: address, machine: Machine.host, token: token, forecasting: { Forecasts.kept(of: $0) }
        ) { request in try CoordinatorClient.ask(store: store, request) }
        try Screen.line(dashboard.address)
        if let tokenFile { try Screen.line("To enter, open \(dashboard.address)?token=$(cat \(tokenFile))") }
        return dashboard
    }

    static let defaultAddress = "127.0.0.1:8080"
}

/// A dashboard beside a sweep.
struct ServingOptions: ParsableArguments {
    @Flag(name: .long, help: "Show the sweep in the browser meanwhile; the address is the first line.")
    var serve = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where the dashboard listens, \(TokenOptions.defaultAddress) otherwise; HOST:* takes a free port.",
            valueName: "address"))
    var serveAt: String?

    @OptionGroup var token: TokenOptions

    func validate() throws {
        guard serve || (serveAt == nil && token.tokenFile == nil) else {
            throw ValidationError("--serve-at and --token-file go with --serve")
        }
    }

    /// Begins to serve where that is asked for. What prevents it is told, and the sweep goes on without.
    func begin(_ store: StoreOptions) throws -> Dashboard? {
        guard serve else { return nil }
        do {
            return try token.serve(store.store, at: serveAt ?? TokenOptions.defaultAddress)
        } catch let error as DashboardError where !error.isOfRequest {
            Screen.complain("\(error); the sweep goes on without a dashboard (--serve-at takes another address)")
            return nil
        }
    }
}

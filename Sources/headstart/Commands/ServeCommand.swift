import ArgumentParser
import Coordinator
import Ledger
import Transport

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract:
            "Shows a store in the browser: sweeps, stages, comparisons, searches, hosts; live while a sweep runs.",
        discussion: """
            The first line is its address. It only shows, and only to this machine, unless there is a token: with one it \
            may listen elsewhere, asks everybody for it, and lets commands be given. What changes is shown as it does. \
            /metrics is for Prometheus, /healthz says that it lives. Ctrl-C ends it.

            EXAMPLE
              headstart serve --store results
              headstart serve --store results --listen 0.0.0.0:8080 --token-file ~/.headstart/token
            """)

    @OptionGroup var store: StoreOptions

    @Option(
        name: .long, help: ArgumentHelp("Where browsers connect; HOST:* takes a free port.", valueName: "address"))
    var listen = TokenOptions.defaultAddress

    @OptionGroup var token: TokenOptions

    func run() throws {
        // A store that is not there is a slip of the pen.
        _ = try LedgerReader(store: store.store)
        let stop = try StopRequest()
        let listener = stop.listenToSignals()
        let dashboard = try token.serve(store.store, at: listen)
        try withExtendedLifetime(listener) {
            while !stop.isRequested { _ = try poll([stop.bell], timeoutMilliseconds: nil) }
        }
        dashboard.stop()
        if let signal = stop.signal { throw ExitCode(128 + signal) }
    }
}

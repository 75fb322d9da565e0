import ArgumentParser
import Configuration
import Downloads
import Experiments
import Foundation

/// Whether a model that is not here may be fetched.
struct FetchOptions: ParsableArguments {
    @Flag(name: .long, help: "Fetch the model from the Hugging Face hub where it is not here; a terminal is asked.")
    var fetch = false

    /// The directory of a model, fetched where that is allowed.
    func directory(of choice: ModelChoice) throws -> String {
        try choice.directory { model in
            let settings = try HubSettings(environment: ProcessInfo.processInfo.environment)
            let canAsk = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 && !MPILaunch.isRank
            guard !settings.isOffline, fetch || canAsk else {
                throw choice.isMissing(
                    model, settings.isOffline ? "; HF_HUB_OFFLINE is set and keeps it from that" : "")
            }
            return try directory(of: model, named: choice.name, settings)
        }
    }

    private func directory(of model: HubModel, named name: String, _ settings: HubSettings) throws -> String {
        return try FetchDisplay.watching { display in
            let hub = HubFetch(model, settings: settings)
            let plan = try hub.plan(display)
            if !fetch, !isWanted(model, plan, settings) {
                throw BadRequest("model '\(name)' was not fetched; `\(model.command)` does that")
            }
            try hub.perform(plan, display)
            return plan.directory
        }
    }

    private func isWanted(_ model: HubModel, _ plan: HubFetch.Plan, _ settings: HubSettings) -> Bool {
        Screen.drawNote(
            "\(model) is not on this machine. Fetch \(megabytes(plan.missingByteCount)) from \(settings.endpoint)? [y/N] "
        )
        return ["y", "yes"].contains(readLine()?.lowercased())
    }
}

extension ModelChoice {
    /// The directory of the model.
    /// - Parameter fetch: brings one from the hub that is not here.
    func directory(_ fetch: (HubModel) throws -> String) throws -> String {
        switch place {
        case .directory(let directory): directory
        case .hub(let model): try fetch(model)
        }
    }

    func isMissing(_ model: HubModel, _ more: String = "") -> BadRequest {
        BadRequest("model '\(name)' is not on this machine; `\(model.command)` fetches it\(more)")
    }
}

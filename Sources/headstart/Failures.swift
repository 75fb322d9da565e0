import ArgumentParser
import Configuration
import Coordinator
import Dashboard
import Downloads
import Encoders
import Experiments
import Files
import Foundation
import Ledger
import Reports
import Safetensors
import Tasks
import Tokenizers
import Transport
import Worker

/// A request that cannot be met as it stands: exit status 2.
struct BadRequest: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Work that was begun and failed: exit status 1; or as shells have it, 128 and the signal's number where one stopped it.
struct WorkFailed: Error, CustomStringConvertible {
    let description: String
    let status: Int32

    init(_ description: String, stoppedBy signal: Int32? = nil) {
        self.description = description
        status = signal.map { 128 + $0 } ?? 1
    }
}

extension Headstart {
    /// Says on standard error, in one line, why the program ends.
    /// - Returns: the exit status.
    static func report(_ error: any Error) -> Int32 {
        if let code = error as? ExitCode { return code.rawValue }
        if isFromParser(error) { return reportFromParser(error) }
        // All ranks of a group end with the same failure; one of them tells.
        if MPILaunch.speaks || !(error is StageFailure) { complain(error) }
        return status(of: error)
    }

    /// A line for each thing that is wrong with a dataset or a configuration, as far as they can be taken in.
    private static func complain(_ error: any Error) {
        if let error = error as? DatasetError { return error.problems.forEach(Screen.complain) }
        guard let error = error as? ConfigurationError else { return Screen.complain("\(error)") }
        for problem in error.problems.prefix(20) { Screen.complain(problem) }
        let more = error.problems.count - 20
        if more > 0 { Screen.complain("and \(more) more problems of this kind") }
    }

    /// Whether the user asked for what cannot be, or the work went wrong.
    private static func status(of error: any Error) -> Int32 {
        switch error {
        case is BadRequest, is ComparisonError, is ConfigurationError, is DatasetError, is TokenizerError,
            is ModelError, is SafetensorsError:
            2
        case TransportError.badEndpoint, TransportError.unprotected, TransportError.badKey: 2
        case CoordinatorError.transport(let error): status(of: error)
        case CoordinatorError.ledger(let error): status(of: error)
        case CoordinatorError.planning: 2
        case let error as DashboardError: error.isOfRequest ? 2 : 1
        case LedgerError.missing, LedgerError.foreign, LedgerError.otherVersion, LedgerError.inUse: 2
        case SupervisorError.gaveUp(_, let status, _): [2, nobodyToWorkFor].contains(status) ? status : 1
        case WorkerError.nobodyAnswers, WorkerError.lostCoordinator: nobodyToWorkFor
        case let error as WorkerError: error.isFinal ? 2 : 1
        case let error as FileError: error.operation == .read ? 2 : 1
        case let error as DownloadError: error.cause == .request ? 2 : 1
        case let failure as WorkFailed: failure.status
        case let failure as StageFailure where failure.cause == .stopped && StopSignal.isRaised: 128 + StopSignal.number
        case let failure as StageFailure: failure.cause.fault == .input ? 2 : 1
        default: 1
        }
    }

    private static func isFromParser(_ error: any Error) -> Bool {
        // ArgumentParser's own errors are not public; all but these carry the status of wrong usage or of a clean end.
        exitCode(for: error) == .validationFailure || exitCode(for: error) == .success
    }

    private static func reportFromParser(_ error: any Error) -> Int32 {
        guard exitCode(for: error) == .success else {
            Screen.complain("\(message(for: error)) (--help shows what there is)")
            return 2
        }
        do {
            try Screen.line(message(for: error))
            return 0
        } catch {
            Screen.complain("\(error)")
            return 1
        }
    }
}

import Foundation

/// What tests may find on a machine and are skipped without; CI has all of it.
package enum Given {
    /// The folder `data` of the shared files: `$HEADSTART_SHARED/data`, else `../shared/data` beside the package.
    package static let sharedData: String? = existing(
        environment("HEADSTART_SHARED").map { "\($0)/data" } ?? "\(packageFolder)/../shared/data")

    /// Why a test skips that reads them. scripts/test knows these words: it is the one reason to skip that CI accepts, and
    /// only on machines without the shared files.
    package static let noSharedData = "the public datasets are not here; HEADSTART_SHARED names their folder"

    /// The real MiniLM model: `$HEADSTART_MINILM`, else where `scripts/fetch-minilm` puts it.
    package static let minilm: String? = existing(
        environment("HEADSTART_MINILM")
            ?? "\(environment("HEADSTART_MODELS") ?? "\(NSHomeDirectory())/.cache/headstart/models")/all-MiniLM-L6-v2")

    /// Reference numbers that `scripts/test --parity` has Python write: `$HEADSTART_REFERENCE/NAME`.
    package static func reference(_ name: String) -> String? {
        environment("HEADSTART_REFERENCE").flatMap { existing("\($0)/\(name)") }
    }

    private static let packageFolder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func existing(_ path: String) -> String? {
        FileManager.default.fileExists(atPath: path) ? path : nil
    }
}

import Collectives
import Foundation

/// What a run of `CollectivesProbe` printed and how it ended.
struct Probe {
    let lines: [String]
    let status: Int32

    static let hasLauncher = ["/usr/bin/mpirun", "/usr/local/bin/mpirun"].contains {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Runs the probe with this many ranks under mpirun, or alone where `ranks` is nil. It is killed after five minutes.
    init(_ subject: String, ranks: Int?) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let launcher =
            ranks.map { [MPILibrary.current.launcher] + MPIRun.arguments(ranks: $0, mayOutnumberCores: true) } ?? []
        process.arguments = ["timeout", "-k", "5", "300"] + launcher + [Self.path, subject]
        process.environment = ProcessInfo.processInfo.environment.merging(MPIRun.environment()) { _, new in new }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        status = process.terminationStatus
        lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The build puts the probe beside the tests' executable.
    private static let path: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent().appendingPathComponent("CollectivesProbe").path
    }()
}

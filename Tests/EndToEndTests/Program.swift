import Foundation
import TestKit

/// The built program, run as a user runs it.
struct Program {
    /// What a finished run left.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        var lines: [Substring] { output.split(separator: "\n") }
        var errorLines: [Substring] { errors.split(separator: "\n") }

        /// The last line of standard output, as JSON.
        func lastJSON<Value: Decodable>(_ type: Value.Type) throws -> Value {
            try JSONDecoder().decode(type, from: Data((lines.last ?? "").utf8))
        }
    }

    static let path =
        ProcessInfo.processInfo.environment["HEADSTART_BINARY"] ?? "\(package)/.build/release/headstart"

    /// The folder of this checkout.
    static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Runs the program to its end.
    /// - Parameter environment: added to the test's own; nil takes a variable away.
    static func run(
        _ arguments: [String], in directory: String = "/", environment: [String: String?] = [:], output: String? = nil
    ) throws -> Outcome {
        let running = try Running(arguments, in: directory, environment: environment, output: output)
        return running.wait()
    }
}

/// A run of the program, or of another one, that is under way.
final class Running {
    private let process = Process()
    private let folder: TemporaryFolder

    /// - Parameter output: a file to write standard output to; one of this object's own otherwise.
    init(
        _ arguments: [String], of program: String = Program.path, in directory: String = "/",
        environment: [String: String?] = [:], output: String? = nil
    ) throws {
        // Files, not pipes: nobody need read them for the process to go on.
        folder = try TemporaryFolder()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        var own = ProcessInfo.processInfo.environment
        // What the program keeps for its next run goes nowhere where a person finds it.
        if program == Program.path { own["HEADSTART_CACHE"] = folder["cache"] }
        process.environment = environment.reduce(into: own) { $0[$1.key] = $1.value }
        process.standardOutput = try Self.file(output ?? folder["output"])
        process.standardError = try Self.file(folder["errors"])
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    private static func file(_ path: String) throws -> FileHandle {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    var isRunning: Bool { process.isRunning }

    /// What it has written so far.
    var output: String { text("output") }

    /// Does nothing where it has ended: its number may be another's by then.
    func kill(_ signal: Int32 = SIGKILL) {
        if process.isRunning { Foundation.kill(process.processIdentifier, signal) }
    }

    /// Waits for its end, which is made where it does not come: a test that hangs would take all others with it.
    func wait(minutes: Double = 10) -> Program.Outcome {
        // Which outlives the run, and must hold none of its files open.
        let end = DispatchWorkItem { [group = process.processIdentifier] in
            // With its children, where it leads a group of its own.
            if Foundation.kill(-group, SIGKILL) != 0 { Foundation.kill(group, SIGKILL) }
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + minutes * 60, execute: end)
        process.waitUntilExit()
        end.cancel()
        return Program.Outcome(status: process.terminationStatus, output: text("output"), errors: text("errors"))
    }

    /// Waits until the output satisfies a condition.
    /// - Returns: false if the process ended or the time ran out before.
    func wait(seconds: Double = 300, until condition: (String) -> Bool) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if condition(output) { return true }
            if !isRunning { return condition(output) }
            usleep(5_000)
        }
        return false
    }

    private func text(_ name: String) -> String {
        // A run whose output goes elsewhere has none here.
        guard let data = try? Data(contentsOf: URL(filePath: folder[name])) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }
}

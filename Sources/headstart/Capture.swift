import Foundation

/// Runs a program to its end and returns what it wrote to standard output. Here, for gnuplot and for mpirun it is Foundation's
/// Process that starts it: swift-subprocess runs programs from async code alone, and whoever waits here is a plain thread.
/// - Returns: nil when the program is not installed or ends with an error.
func capture(_ program: String, _ arguments: [String], without variable: String? = nil) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    if let variable { process.environment = ProcessInfo.processInfo.environment.filter { $0.key != variable } }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    do {
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: output, as: UTF8.self) : nil
    } catch {
        return nil
    }
}

import Foundation

/// Runs a program to its end and returns what it wrote to standard output. Here, for gnuplot and for mpirun it is Foundation's
/// Process that starts it: swift-subprocess runs programs from async code alone, and whoever waits here is a plain thread.
/// - Returns: nil when the program is not installed or ends with an error.
func capture(_ program: String, _ arguments: [String], without variable: String? = nil) -> String? {
    do {
        return try output(of: program, arguments, without: variable)
    } catch {
        return nil
    }
}

/// The same, for whoever wants to know why there is none.
/// - Parameter input: what the program reads on its standard input, no more than a pipe holds.
/// - Throws: `WorkFailed` with the last line of what the program said of its error.
func output(
    of program: String, _ arguments: [String], input: String? = nil, without variable: String? = nil
) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    if let variable { process.environment = ProcessInfo.processInfo.environment.filter { $0.key != variable } }
    let (pipe, errors) = (Pipe(), Pipe())
    let words = Pipe()
    process.standardInput = input == nil ? FileHandle.nullDevice : words
    process.standardOutput = pipe
    process.standardError = errors
    try process.run()
    // A program that reads none of it says why by its status.
    do { try words.fileHandleForWriting.write(contentsOf: Data((input ?? "").utf8)) } catch {}
    try words.fileHandleForWriting.close()
    // It may fill one pipe while the other is read.
    let said = Thread.result { try errors.fileHandleForReading.readToEnd() ?? Data() }
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    let complaint = String(decoding: try said(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        let reason = complaint.split(separator: "\n").last.map(String.init)
        throw WorkFailed(reason ?? "\(program) ended with status \(process.terminationStatus)")
    }
    return String(decoding: output, as: UTF8.self)
}

import Foundation

/// The program that draws plots.
struct Gnuplot {
    init() throws {
        guard capture("gnuplot", ["--version"]) != nil else {
            throw BadRequest(
                "gnuplot is not installed, and plots need it: apt-get install gnuplot-nox (scripts/setup does)")
        }
    }

    /// - Parameter path: what the script draws.
    func run(_ script: String, for path: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gnuplot", "-"]
        let (input, errors) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardError = errors
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(script.utf8))
        try input.fileHandleForWriting.close()
        let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw WorkFailed("\(path): gnuplot could not draw it: \(String(decoding: complaint, as: UTF8.self))")
        }
    }
}

import Foundation
import Processes

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
        let end = try ChildProcess.run(["gnuplot", "-"], input: Data(script.utf8))
        guard end.status == 0 else { throw WorkFailed("\(path): gnuplot could not draw it: \(end.errors)") }
    }
}

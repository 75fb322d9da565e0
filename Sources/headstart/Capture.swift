import Foundation
import Processes

/// Runs a program to its end and returns what it wrote to standard output.
/// - Returns: nil when the program is not installed or ends with an error.
func capture(_ program: String, _ arguments: [String], without variable: String? = nil) -> String? {
    do {
        return try output(of: program, arguments, without: variable)
    } catch {
        return nil
    }
}

/// The same, for whoever wants to know why there is none.
/// - Parameters:
///   - input: what it reads.
///   - variable: what of this process's environment it is not to see.
/// - Throws: `WorkFailed` with the last line of what the program said of its error.
func output(
    of program: String, _ arguments: [String], input: String = "", without variable: String? = nil
) throws -> String {
    let environment = ProcessInfo.processInfo.environment.filter { $0.key != variable }
    let end: ChildProcess.End
    do throws(CannotStart) {
        end = try ChildProcess.run([program] + arguments, environment: environment, input: Data(input.utf8))
    } catch { throw WorkFailed("\(error)") }
    guard end.status == 0 else {
        let reason = end.errors.split(separator: "\n").last.map(String.init)
        throw WorkFailed(reason ?? "\(program) ended with status \(end.status)")
    }
    return end.output
}

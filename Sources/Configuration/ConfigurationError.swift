/// What is wrong with a configuration: every problem found, each one line that says where, what, and what to do.
package struct ConfigurationError: Error, CustomStringConvertible, Hashable, Sendable {
    package private(set) var problems: [String]

    package init(_ sentence: String) { problems = [sentence] }

    init(_ sentence: String, at place: Place?) { problems = [(place.map { "\($0): " } ?? "") + sentence] }

    fileprivate init(problems: [String]) { self.problems = problems }

    package var description: String { problems.joined(separator: "\n") }
}

/// Where a value was written.
enum Place: Hashable, Sendable, CustomStringConvertible {
    case line(file: String, Int)
    /// An argument of the command line.
    case option(String)

    var description: String {
        switch self {
        case .line(let file, let line): "\(file):\(line)"
        case .option(let text): text
        }
    }
}

/// Gathers problems, so that a file is told all that is wrong with it at once.
struct Findings {
    private var problems: [String] = []
    /// More than anybody reads at once; a file that is wrong throughout would be compared with itself for ever.
    private static let limit = 100

    var isFull: Bool { problems.count >= Self.limit }

    /// - Returns: nil if `value` threw; its problems are then kept.
    mutating func collect<Value>(_ value: @autoclosure () throws(ConfigurationError) -> Value) -> Value? {
        do throws(ConfigurationError) {
            return try value()
        } catch {
            note(error)
            return nil
        }
    }

    mutating func note(_ error: ConfigurationError) {
        // One wrong line may spoil many runs; it is told once.
        if !isFull { problems += error.problems.filter { !problems.contains($0) } }
    }

    mutating func note(_ sentence: @autoclosure () -> String, at place: Place) {
        if !isFull { note(ConfigurationError(sentence(), at: place)) }
    }

    /// Throws what was found, if anything was.
    func check() throws(ConfigurationError) {
        if !problems.isEmpty { throw ConfigurationError(problems: problems) }
    }
}

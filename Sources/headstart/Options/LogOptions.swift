import ArgumentParser
import Logging

struct LogOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("What is told on standard error: debug, info, warning or error.", valueName: "level"),
        transform: Self.level)
    var log: Logger.Level?

    private static func level(_ name: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: name) else {
            throw ValidationError(
                "'\(name)' is none of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return level
    }

    /// - Parameter level: where the user named none.
    func logger(_ label: String, level: Logger.Level = .info) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = log ?? level
        return logger
    }
}

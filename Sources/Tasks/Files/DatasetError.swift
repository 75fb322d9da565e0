import Files

/// What is wrong with a dataset, and where.
package struct DatasetError: Error, Equatable, CustomStringConvertible, Sendable {
    /// Of the file, or the name of the task where no file is to blame.
    package let path: String
    /// From 1; nil where the whole file is meant.
    package let line: Int?
    package let message: String

    package init(_ path: String, line: Int? = nil, _ message: String) {
        self.path = path
        self.line = line
        self.message = message
    }

    init(_ error: FileError) {
        let reason = String(error.description.dropFirst(error.path.count + 2))
        let hint = error.isMissing ? "; check the data directory and the task's paths" : ""
        self.init(error.path, reason + hint)
    }

    package var description: String { "\(path):\(line.map { "\($0):" } ?? "") \(message)" }
}

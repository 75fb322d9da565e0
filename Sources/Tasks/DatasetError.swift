/// What is wrong with a dataset, and where.
package struct DatasetError: Error, Equatable, CustomStringConvertible, Sendable {
    package let path: String
    /// From 1; nil where the whole file is meant.
    package let line: Int?
    package let message: String

    package init(_ path: String, line: Int? = nil, _ message: String) {
        self.path = path
        self.line = line
        self.message = message
    }

    package var description: String {
        "\(path):\(line.map { "\($0):" } ?? "") \(message)"
    }
}

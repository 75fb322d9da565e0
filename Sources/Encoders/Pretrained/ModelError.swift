/// A pretrained model that cannot be used, and why: in one line, with the file and what in it.
package struct ModelError: Error, Equatable, CustomStringConvertible, Sendable {
    package let path: String
    package let problem: String

    package init(path: String, problem: String) {
        self.path = path
        self.problem = problem
    }

    package var description: String { "\(path): \(problem)" }
}

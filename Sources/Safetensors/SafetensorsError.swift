/// A file that is not what it should be, and what was wrong with it.
package struct SafetensorsError: Error, Equatable, CustomStringConvertible, Sendable {
    package let path: String
    package let problem: String

    package init(path: String, problem: String) {
        self.path = path
        self.problem = problem
    }

    package var description: String { "\(path): \(problem)" }
}

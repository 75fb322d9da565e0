import Foundation

/// A file operation that the system refused.
package struct FileError: Error, CustomStringConvertible, Sendable {
    package enum Operation: String, Sendable {
        case read, write
    }

    package let operation: Operation
    package let path: String
    /// The system's error number.
    package let code: Int32
    private let sentence: String?

    /// - Parameter sentence: the reason, where the system's word for it would not tell a person enough.
    package init(_ operation: Operation, _ path: String, code: Int32 = errno, because sentence: String? = nil) {
        self.operation = operation
        self.path = path
        self.code = code
        self.sentence = sentence
    }

    package var reason: String { sentence ?? String(cString: strerror(code)).lowercased() }

    package var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }
    /// Whether the file's bytes cannot be had, however often they are asked for.
    package var isUnreadable: Bool { operation == .read && (code == EIO || code == EACCES) }
    package var isMissing: Bool { code == ENOENT }

    package var description: String {
        let hint = isDiskFull ? "; free some space and start again, finished work is kept" : ""
        return "\(path): cannot \(operation.rawValue): \(reason)\(hint)"
    }
}

import Files
import Foundation

/// A folder that goes with the value that made it. Only its owner may read it, and its path is short enough for sockets
/// to lie in it.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        path = NSTemporaryDirectory() + "headstart-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// A folder with these files.
    package convenience init(_ files: [String: String]) throws {
        try self.init()
        for (name, text) in files { try write(text, to: name) }
    }

    /// A folder with these files, which need not be text.
    package convenience init(_ files: [String: [UInt8]]) throws {
        try self.init()
        for (name, bytes) in files { try Data(bytes).write(to: URL(filePath: self[name])) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// - Returns: the path of a file in the folder, written with this text.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try Directory.make(Path.folder(of: file))
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// The path of a file or folder in this one, which need not be there.
    package subscript(name: String) -> String { "\(path)/\(name)" }
}

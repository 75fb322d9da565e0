import Foundation

/// What can be done to a path without opening what it names. Foundation's own way to a path's folder crashes on a name of
/// one letter; and as a slash is a byte, whatever letter's mark follows it, bytes are looked at here.
package enum Path {
    private static let slash = UInt8(ascii: "/")

    /// The folder that has what the path names: "." of a mere name, "/" of the root itself.
    package static func folder(of path: String) -> String {
        let bytes = Array(path.utf8)
        guard let end = bytes.lastIndex(where: { $0 != slash }) else { return bytes.isEmpty ? "." : "/" }
        guard let gap = bytes[..<end].lastIndex(of: slash) else { return "." }
        guard let folderEnd = bytes[..<gap].lastIndex(where: { $0 != slash }) else { return "/" }
        return String(decoding: bytes[...folderEnd], as: UTF8.self)
    }

    /// The last of the path's names; the path itself where it has none.
    package static func name(of path: String) -> String { names(in: path).last ?? path }

    package static func isAbsolute(_ path: String) -> Bool { path.utf8.first == slash }

    /// The path from the root on, without empty names, "." and "..". As for the system, ".." leads out of the folder that a
    /// link stands for.
    package static func absolute(_ path: String) -> String {
        let here = FileManager.default.currentDirectoryPath
        // It is empty where the folder was removed.
        let start = isAbsolute(path) || here.isEmpty ? "/" : here
        return names(in: path).reduce(start) { folder, name in
            switch name {
            case ".": folder
            case "..": Self.folder(of: resolved(folder))
            default: joined(folder, name)
            }
        }
    }

    /// The absolute path without links, as far as there is something that they lead to.
    package static func resolved(_ path: String) -> String {
        if let found = realpath(path, nil) {
            defer { free(found) }
            return String(cString: found)
        }
        let whole = absolute(path)
        return whole == "/" ? whole : joined(resolved(folder(of: whole)), name(of: whole))
    }

    private static func joined(_ folder: String, _ name: String) -> String {
        folder.utf8.last == slash ? folder + name : "\(folder)/\(name)"
    }

    private static func names(in path: String) -> [String] {
        path.utf8.split(separator: slash).map { String(decoding: $0, as: UTF8.self) }
    }
}

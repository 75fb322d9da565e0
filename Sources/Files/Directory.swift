import Foundation

package enum Directory {
    /// Makes the directory, and those above it, where they are missing.
    package static func make(_ path: String) throws(FileError) {
        if isThere(path) { return }
        let parent = (path as NSString).deletingLastPathComponent
        if !parent.isEmpty, parent != path { try make(parent) }
        guard mkdir(path, 0o755) == 0 || (errno == EEXIST && isThere(path)) else { throw FileError(.write, path) }
    }

    package static func isThere(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

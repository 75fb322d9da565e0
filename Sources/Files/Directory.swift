import Foundation

package enum Directory {
    /// Makes the directory, and those above it, where they are missing.
    package static func make(_ path: String) throws(FileError) {
        if isThere(path) { return }
        let parent = Path.folder(of: path)
        if parent != path { try make(parent) }
        guard mkdir(path, 0o755) == 0 || (errno == EEXIST && isThere(path)) else { throw FileError(.write, path) }
    }

    package static func isThere(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// What lies in the directory, in no order; nothing where it cannot be listed.
    package static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The paths of all plain files below the directory.
    package static func files(under path: String) -> [String] {
        names(in: path).map { "\(path)/\($0)" }.flatMap { path in
            isThere(path) && !isLink(path) ? files(under: path) : [path]
        }
    }

    /// Removes the directory with all that is in it. One that is not there is removed already.
    package static func remove(_ path: String) throws(FileError) {
        guard isThere(path) else { return }
        for name in names(in: path) {
            let inner = "\(path)/\(name)"
            if isThere(inner), !isLink(inner) { try remove(inner) } else { try Disk.remove(inner) }
        }
        guard rmdir(path) == 0 || errno == ENOENT else { throw FileError(.write, path) }
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}

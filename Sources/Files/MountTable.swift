import Foundation

/// The file systems that this process sees, as /proc/self/mountinfo lists them; proc(5) has its format.
package struct MountTable {
    private var types: [(mountPoint: String, type: String)] = []

    /// Those of this machine; none where the system does not tell.
    package static var here: MountTable {
        let bytes: [UInt8]
        do { bytes = try Disk.read("/proc/self/mountinfo") } catch { bytes = [] }
        return MountTable(String(decoding: bytes, as: UTF8.self))
    }

    package init(_ text: String) {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 1, dash > 4 else { continue }
            types.append((Self.unescaped(fields[4]), String(fields[dash + 1])))
        }
    }

    /// Spaces and the like are three octal digits after a backslash.
    private static func unescaped(_ text: Substring) -> String {
        let parts = text.split(separator: "\\", omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(String(parts.first ?? "")) { path, part in
            let character = UInt8(part.prefix(3), radix: 8).map { String(UnicodeScalar($0)) }
            return path + (character.map { $0 + part.dropFirst(3) } ?? "\\" + part)
        }
    }

    /// Whether other machines may have the file system mounted that a path lies in, or a program serves it: then files in
    /// it cannot be shared as memory.
    package func isOnNetwork(_ path: String) -> Bool {
        let whole = Path.resolved(path)
        let around = types.filter {
            $0.mountPoint == "/" || whole == $0.mountPoint || whole.hasPrefix($0.mountPoint + "/")
        }
        // What was mounted later lies over what was mounted in the same place before.
        let type = around.enumerated().max {
            ($0.element.mountPoint.count, $0.offset) < ($1.element.mountPoint.count, $1.offset)
        }?.element.type
        return type.map { Self.networkTypes.contains($0) || $0.hasPrefix("fuse.") } ?? false
    }

    private static let networkTypes: Set<String> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "beegfs_nodev", "ceph", "afs", "gfs2",
        "ocfs2",
        "coda", "panfs", "orangefs", "pvfs2", "9p", "virtiofs", "fuse",
    ]
}

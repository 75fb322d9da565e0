import Experiments
import Files
import Foundation

// Only the supervisor sees what every rank of a group writes to standard output and error; only rank 0 speaks with the
// coordinator. A file in the work directory takes it from the one to the other.

/// The supervisor's end: what one life of a group writes.
final class GroupOutput {
    /// Names the file to the ranks.
    static let variable = "HEADSTART_OUTPUT"

    /// The most that is kept at a time.
    private static let byteLimit = 16 << 20

    private let path: String
    private var byteCount = 0
    private var isRefused = false

    init(_ path: String) { self.path = path }

    var environment: [String: String] { [Self.variable: path] }

    /// Begins anew. What cannot be kept costs the log its lines, not the group its life.
    func begin() {
        byteCount = 0
        do throws(FileError) {
            try Directory.make(Path.folder(of: path))
            try Disk.remove(path)
            isRefused = false
        } catch {
            isRefused = true
        }
    }

    func append(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        guard !isRefused else { return }
        // A group lives for nights, and its first rank reads along.
        if byteCount + bytes.count > Self.byteLimit { begin() }
        byteCount += bytes.count
        do throws(FileError) {
            try Disk.open(path, O_APPEND) { file throws(FileError) in try file.write(bytes) }
        } catch {
            isRefused = true
        }
    }
}

/// Rank 0's end: the lines that came since it last looked.
struct OutputTail {
    private let path: String?
    private var offset = 0

    /// What this group says; without a supervisor there is nothing to read.
    init() { path = ProcessInfo.processInfo.environment[GroupOutput.variable] }

    init(_ path: String) { self.path = path }

    /// - Returns: whole lines alone, a few at a time.
    mutating func next() -> [String] {
        guard let path, let size = Disk.byteCount(of: path) else { return [] }
        if size < offset { offset = 0 }
        guard size > offset else { return [] }
        do throws(FileError) {
            let bytes = try Disk.read(path, offset: offset, count: 1 << 16)
            guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else {
                // A line that is longer than what is read at a time is not for people.
                if bytes.count == 1 << 16 { offset += bytes.count }
                return []
            }
            offset += end + 1
            return bytes[..<end].split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
        } catch {
            return []
        }
    }
}

extension SupervisorSettings {
    /// Where the groups work, as they are told.
    private var workDirectory: String? {
        guard let place = workerArguments.firstIndex(of: "--work") else { return nil }
        return workerArguments.dropFirst(place + 1).first
    }

    /// Where a group's output goes; nil where the groups are told of no work directory.
    func output(ofGroup number: Int) -> GroupOutput? {
        workDirectory.map { GroupOutput("\($0)/said/\(WorkerID.host)-\(getpid())-\(number)") }
    }
}

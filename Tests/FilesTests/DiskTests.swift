import Files
import Foundation
import TestKit
import Testing

struct DiskTests {
    /// A pipe that this text is written into once somebody reads.
    private func pipe(_ text: String, in folder: TemporaryFolder) throws -> String {
        let path = folder["pipe"]
        try #require(mkfifo(path, 0o600) == 0)
        Thread.detachNewThread {
            do { try Disk.open(path) { file throws(FileError) in try file.write(Array(text.utf8)) } } catch {}
        }
        return path
    }

    @Test(.timeLimit(.minutes(1))) func `a pipe is read to its end`() throws {
        let folder = try TemporaryFolder()
        let text = String(repeating: "the cat sings\n", count: 50_000)
        #expect(try Disk.readToEnd(try pipe(text, in: folder)) == Array(text.utf8))
    }

    @Test func `what is larger than its limit is refused with the limit`() throws {
        let folder = try TemporaryFolder(["large": String(repeating: "x", count: 3 << 20)])
        #expect(try Disk.readToEnd(folder["large"], atMost: 3 << 20).count == 3 << 20)
        #expect { _ = try Disk.readToEnd(folder["large"], atMost: 2 << 20) } throws: { error in
            "\(error)" == "\(folder["large"]): cannot read: it has more than 2 MiB"
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a pipe in a file's place is refused, and nobody waits for it`() throws {
        let folder = try TemporaryFolder()
        try #require(mkfifo(folder["pipe"], 0o600) == 0)
        #expect { try MappedFile(path: folder["pipe"]) } throws: { error in "\(error)".contains("is a pipe") }
        #expect { try MappedFile(path: folder.path) } throws: { error in "\(error)".contains("is a directory") }
        #expect(try Disk.read(folder["pipe"]).isEmpty)
        #expect(!Disk.isPlainFile(folder["pipe"]) && !Disk.isPlainFile(folder.path))
    }
}

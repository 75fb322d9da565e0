import Files
import TestKit
import Testing

struct DirectoryTests {
    @Test func `a directory is made with those above it, and once is enough`() throws {
        let folder = try TemporaryFolder()
        try Directory.make(folder["a/b"])
        try Directory.make(folder["a/b"])
        #expect(Directory.isThere(folder["a/b"]))
    }

    @Test func `a file in the way is an error that names it`() throws {
        #expect { try Directory.make("/dev/null/below") } throws: { error in
            "\(error)".hasPrefix("/dev/null: cannot write: ")
        }
    }
}

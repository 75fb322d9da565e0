import Files
import Foundation
import Testing

@Suite struct DirectoryTests {
    let place = NSTemporaryDirectory() + "headstart-directory-\(getpid())"

    @Test func `a directory is made with those above it, and once is enough`() throws {
        defer { try? FileManager.default.removeItem(atPath: place) }
        try Directory.make("\(place)/a/b")
        try Directory.make("\(place)/a/b")
        #expect(Directory.isThere("\(place)/a/b"))
    }

    @Test func `a file in the way is an error that names it`() throws {
        #expect { try Directory.make("/dev/null/below") } throws: { error in
            "\(error)".hasPrefix("/dev/null: cannot write: ")
        }
    }
}

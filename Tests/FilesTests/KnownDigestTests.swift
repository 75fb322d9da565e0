import Files
import Foundation
import TestKit
import Testing

struct KnownDigestTests {
    @Test func `a file is read again once it was written to or replaced, and not before`() throws {
        let folder = try TemporaryFolder()
        let known = KnownDigests()
        let path = try folder.write("some bytes", to: "file")
        #expect(try known.digest(of: path).digest == Digest(of: "some bytes".utf8))
        try folder.write("other bytes", to: "file")
        #expect(try known.digest(of: path).digest == Digest(of: "other bytes".utf8))
        #expect(try known.digest(of: path).byteCount == 11)
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
        // It cannot be read by most now, and need not be.
        #expect(try known.digest(of: path).digest == Digest(of: "other bytes".utf8))
        #expect(throws: FileError.self) { try known.digest(of: folder["none"]) }
    }
}

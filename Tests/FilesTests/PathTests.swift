import Files
import Foundation
import TestKit
import Testing

struct PathTests {
    /// As dirname(1) and basename(1) have it.
    @Test(arguments: [
        ("d", ".", "d"), ("/d", "/", "d"), ("a/b", "a", "b"), ("a/b/", "a", "b"), ("a//b", "a", "b"), ("./d", ".", "d"),
        ("/a/b/c", "/a/b", "c"), ("", ".", ""), ("/", "/", "/"), ("//", "/", "//"), ("..", ".", ".."),
        ("ä/ö ü", "ä", "ö ü"), ("a/\u{301}b", "a", "\u{301}b"), ("日/本", "日", "本"), (".", ".", "."),
    ]) func `a path has a folder and a name`(path: String, folder: String, name: String) {
        #expect(Path.folder(of: path) == folder)
        #expect(Path.name(of: path) == name)
    }

    @Test(arguments: [
        ("/", "/"), ("/a//b/./c/", "/a/b/c"), ("/a/../b", "/b"), ("/../..", "/"), ("/a/\u{301}b", "/a/\u{301}b"),
    ]) func `an absolute path holds no detours`(path: String, plain: String) {
        #expect(Path.absolute(path) == plain)
    }

    @Test func `what is relative begins where the process stands`() {
        let here = Path.resolved(FileManager.default.currentDirectoryPath)
        #expect(Path.resolved("") == here && Path.resolved(".") == here && Path.resolved("./") == here)
        #expect(Path.absolute("d") == "\(FileManager.default.currentDirectoryPath)/d")
    }

    @Test func `the folder above a link is the one above what it stands for`() throws {
        let folder = try TemporaryFolder(["far/away/file": "", "file": ""])
        try FileManager.default.createSymbolicLink(
            atPath: folder["link"], withDestinationPath: folder["far/away"])
        let root = Path.resolved(folder.path)
        #expect(Path.absolute(folder["link/file"]) == folder["link/file"])
        #expect(Path.absolute(folder["link/../near"]) == "\(root)/far/near")
        #expect(Path.resolved(folder["link/file"]) == "\(root)/far/away/file")
        #expect(
            Path.resolved(folder["link/new/../newer"]) == "\(root)/far/away/newer", "what is not there leads nowhere")
    }
}

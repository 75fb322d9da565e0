import Downloads
import Foundation
import TestKit
import Testing

struct HubCacheTests {
    let folder: TemporaryFolder
    let cache: HubCache
    private let commit = String(repeating: "c", count: 40)

    init() throws {
        folder = try TemporaryFolder()
        cache = HubCache(root: folder.path)
    }

    @Test func `a file's checksum is git's name of it, or its SHA-256`() throws {
        let file = try folder.write("hello\n", to: "file")
        // As `git hash-object` and `sha256sum` say.
        let git = try #require(Checksum(hex: "ce013625030ba8dba906f756967f9e9ca394464a"))
        let sha = try #require(Checksum(hex: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"))
        #expect(try git.matches(file) && sha.matches(file))
        try folder.write("hello!", to: "file")
        #expect(try !git.matches(file) && !sha.matches(file))
        #expect(Checksum(hex: "../x") == nil && Checksum(hex: "ABC") == nil)
    }

    @Test func `files of a commit are links to their bytes, as the hub's own library makes them`() throws {
        let checksum = try #require(Checksum(hex: String(repeating: "b", count: 40)))
        try folder.write("bytes", to: "models--a--b/blobs/\(checksum.hex)")
        try cache.link(checksum, as: "config.json", commit: commit, of: "a/b")
        try cache.link(checksum, as: "s/t/config.json", commit: commit, of: "a/b")
        let snapshot = folder["models--a--b/snapshots/\(commit)"]
        let manager = FileManager.default
        #expect(
            try manager.destinationOfSymbolicLink(atPath: "\(snapshot)/config.json") == "../../blobs/\(checksum.hex)")
        #expect(
            try manager.destinationOfSymbolicLink(atPath: "\(snapshot)/s/t/config.json")
                == "../../../../blobs/\(checksum.hex)")
        #expect(try String(contentsOfFile: "\(snapshot)/s/t/config.json", encoding: .utf8) == "bytes")
    }

    @Test func `a revision is the commit that it was, and a model is here with all of its files`() throws {
        let model = try HubModel("a/b", revision: "refs/pr/1")
        #expect(try cache.commit(of: model) == nil)
        try cache.remember(model, commit: commit)
        #expect(try cache.commit(of: model) == commit)
        #expect(try cache.commit(of: HubModel("a/b", revision: commit)) == commit)
        for name in ["config.json", "vocab.txt", "model.safetensors"] {
            #expect(try cache.directory(of: model) == nil)
            try folder.write("", to: "models--a--b/snapshots/\(commit)/\(name)")
        }
        #expect(try cache.directory(of: model) == cache.snapshot(model, commit: commit))
    }

    @Test func `a link whose bytes are gone is no file`() throws {
        let model = try HubModel("a/b", revision: commit)
        for name in ["config.json", "vocab.txt"] {
            try folder.write("", to: "models--a--b/snapshots/\(commit)/\(name)")
        }
        let checksum = try #require(Checksum(hex: String(repeating: "b", count: 40)))
        try cache.link(checksum, as: "model.safetensors", commit: commit, of: "a/b")
        #expect(try cache.directory(of: model) == nil)
    }

    @Test func `a broken reference is no commit`() throws {
        try folder.write("../../../etc", to: "models--a--b/refs/main")
        #expect(try cache.commit(of: HubModel("a/b")) == nil)
    }

    @Test func `what lies here is listed with its revisions and folders`() throws {
        try folder.write(commit, to: "models--a--b/refs/main")
        for place in ["config.json", "s/config.json", "s/model.safetensors", "pooling/config.json"] {
            try folder.write("", to: "models--a--b/snapshots/\(commit)/\(place)")
        }
        try folder.write("", to: "models--strange/file")
        try folder.write("", to: "datasets--a--b/snapshots/\(commit)/config.json")
        let entries = try cache.entries()
        #expect(entries.map(\.id) == ["a/b", "a/b"] && entries.map(\.subfolder) == [nil, "s"])
        #expect(entries.map(\.revisions) == [["main"], ["main"]])
        #expect(entries.last?.files == ["config.json", "model.safetensors"])
    }
}

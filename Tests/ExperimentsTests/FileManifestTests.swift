import Experiments
import Files
import Foundation
import Testing

struct FileManifestTests {
    private func file(_ name: String, _ text: String = "") -> FileManifest.File {
        FileManifest.File(
            name: name, id: ArtifactID(rawValue: Digest(of: Array(text.utf8))), byteCount: text.utf8.count)
    }

    @Test(arguments: ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".", "./a", "a/..", "a\0b"])
    func `a name that leads elsewhere is refused where it is made and where it arrives`(name: String) throws {
        #expect(throws: FileManifestError.badName(name)) { try FileManifest([file("config.json"), file(name)]) }
        let text = String(decoding: try JSONEncoder().encode([file(name)]), as: UTF8.self)
        #expect(throws: (any Error).self) { try CanonicalJSON.decode(FileManifest.self, from: Data(text.utf8)) }
    }

    @Test func `a name that comes twice is refused, and a negative length`() {
        #expect(throws: FileManifestError.doubled("a")) { try FileManifest([file("a", "1"), file("a", "2")]) }
        let negative = FileManifest.File(name: "a", id: file("").id, byteCount: -1)
        #expect(throws: FileManifestError.self) { try FileManifest([negative]) }
    }

    @Test func `a model's digest follows from its files, in whatever order they come, and from no others`() throws {
        let (config, weights) = (file("config.json", "{}"), file("model.safetensors", "w"))
        let content = try #require(try FileManifest([config, weights]).modelContent)
        #expect(try FileManifest([weights, config]).modelContent == content)
        #expect(try FileManifest([weights, file("config.json", "{ }")]).modelContent != content)
        #expect(try FileManifest([config, weights, file("run.sh", "rm")]).modelContent == nil)
    }

    private var task: TaskDefinition {
        TaskDefinition(
            name: "t", train: DataFiles(["a/part-*.tsv"]), dev: "dev.tsv", format: .tsv, text: .number(1),
            label: .number(2), labels: ["0", "1"], metrics: [.accuracy])
    }

    @Test func `a task's digest follows from its files in their order, and from no others`() throws {
        let files = [file("train/1/a.tsv", "1"), file("train/2/b.tsv", "2"), file("dev/1/dev.tsv", "3")]
        let manifest = try FileManifest(files)
        let content = try #require(try manifest.content(asDataOf: task))
        let train = Digest(of: "\(files[0].id) \(files[1].id)".utf8)
        #expect(try content == task.contentDigest(train: train, dev: files[2].id.rawValue))
        #expect(try FileManifest(files + [file("test/1/t.tsv", "4")]).content(asDataOf: task) == nil)
        #expect(try FileManifest(files + [file("train/4/t.tsv", "4")]).content(asDataOf: task) == nil)
        #expect(try FileManifest(Array(files.prefix(2))).content(asDataOf: task) == nil)
        let swapped = [file("train/1/b.tsv", "2"), file("train/2/a.tsv", "1"), files[2]]
        #expect(try FileManifest(swapped).content(asDataOf: task) != content)
        let located = manifest.locating(task)
        #expect(located.train.paths == ["train/1/a.tsv", "train/2/b.tsv"] && located.dev?.paths == ["dev/1/dev.tsv"])
        #expect(located.test == nil)
    }

    @Test func `labels in a file of their own count with the file that they are of`() throws {
        var wic = task
        (wic.format, wic.dev, wic.devShare) = (.wic, nil, 0.1)
        let files = [file("train/1/x.data.txt", "d"), file("train/1/x.gold.txt", "g")]
        let train = Digest(of: "\(files[0].id) \(files[1].id)".utf8)
        #expect(try FileManifest(files).content(asDataOf: wic) == wic.contentDigest(train: train, dev: nil))
        #expect(try FileManifest(files).locating(wic).train.paths == ["train/1/x.data.txt"])
    }
}

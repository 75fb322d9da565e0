import Downloads
import Testing

struct HubListingTests {
    private let commit = String(repeating: "c", count: 40)
    private let blob = String(repeating: "b", count: 40)
    private let sha = String(repeating: "a", count: 64)

    private func listing(_ paths: [String]) throws -> HubListing {
        let siblings = paths.map { path in
            path.hasSuffix(".safetensors")
                ? #"{"rfilename": "\#(path)", "size": 9, "blobId": "\#(blob)", "lfs": {"sha256": "\#(sha)", "size": 9}}"#
                : #"{"rfilename": "\#(path)", "size": 2, "blobId": "\#(blob)"}"#
        }
        return try read(#"{"sha": "\#(commit)", "siblings": [\#(siblings.joined(separator: ", "))]}"#)
    }

    private func read(_ text: String) throws -> HubListing { try HubListing(Array(text.utf8), at: "http://hub") }

    private func complaint(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `only what is needed is fetched, the weights last`() throws {
        let all = [
            "README.md", "config.json", "flax_model.msgpack", "model.safetensors", "onnx/model.onnx",
            "pytorch_model.bin",
            "tokenizer.json", "vocab.json", "../evil",
        ]
        let files = try listing(all).files(of: HubModel("a/b"))
        #expect(files.map(\.path) == ["config.json", "tokenizer.json", "vocab.json", "model.safetensors"])
        #expect(files.map(\.checksum.hex) == [blob, blob, blob, sha] && files.map(\.byteCount) == [2, 2, 2, 9])
    }

    @Test func `a folder of a repository may be the model`() throws {
        let files = try listing(["config.json", "s/config.json", "s/vocab.txt", "s/model.safetensors"])
            .files(of: HubModel("a/b", subfolder: "s"))
        #expect(files.map(\.path) == ["s/config.json", "s/vocab.txt", "s/model.safetensors"])
    }

    @Test(arguments: [
        (["README.md"], "a/b has no config.json; is it a model of transformers?"),
        (["s/config.json"], "a/b has no config.json; there is one in a folder of it: --subfolder s"),
        (["config.json", "vocab.txt"], "a/b has no model.safetensors; only models with such a file can be used"),
        (
            ["config.json", "vocab.txt", "s/model.safetensors"],
            "a/b has no model.safetensors; there is one in a folder of it: --subfolder s"
        ),
        (["config.json", "model.safetensors", "merges.txt"], "a/b has no tokenizer: none of tokenizer.json"),
        (
            ["config.json", "vocab.txt", "pytorch_model.bin"],
            "a/b has no model.safetensors but pytorch_model.bin, which can hide a program; convert it once: python3 -c"
        ),
        (
            ["config.json", "vocab.txt", "model.safetensors.index.json", "model-00001-of-00002.safetensors"],
            "a/b has no model.safetensors but its weights in several files; convert it once: python3 -c"
        ),
    ])
    func `what a repository lacks is said with the remedy`(_ paths: [String], _ sentence: String) throws {
        let listing = try listing(paths)
        #expect(complaint { _ = try listing.files(of: HubModel("a/b")) }.hasPrefix(sentence))
    }

    @Test(arguments: [
        ("<html>", "not JSON"), ("[]", "no commit"), (#"{"sha": "../../x", "siblings": []}"#, "no commit"),
        (#"{"sha": "COMMIT"}"#, "no files"),
        (#"{"sha": "COMMIT", "siblings": [{"rfilename": "config.json", "size": 1}]}"#, "no size or no digest"),
        (#"{"sha": "COMMIT", "siblings": [{"rfilename": "x", "size": 1, "blobId": "../x"}]}"#, "no size or no digest"),
        (#"{"sha": "COMMIT", "siblings": [{"rfilename": "x", "size": -1, "blobId": "BLOB"}]}"#, "no size or no digest"),
    ])
    func `an answer that no hub gives is refused`(_ text: String, _ problem: String) {
        let answer = text.replacing("COMMIT", with: commit).replacing("BLOB", with: blob)
        let sentence = complaint { _ = try read(answer) }
        #expect(sentence.hasPrefix("http://hub answers as no Hugging Face hub does") && sentence.contains(problem))
    }
}

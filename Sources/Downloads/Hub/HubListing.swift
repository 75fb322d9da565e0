import Experiments
import Files

/// What the hub says of a revision: its commit and the files in it.
package struct HubListing: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        /// In the repository.
        package let path: String
        package let byteCount: Int
        package let checksum: Checksum
    }

    package let commit: String
    let files: [File]

    /// Where a listing is asked for.
    package static func url(of model: HubModel, at endpoint: String) -> String {
        "\(endpoint)/api/models/\(model.id)/revision/\(escaped(model.revision, besides: ""))?blobs=true"
    }

    /// Where a file's bytes are.
    static func url(of path: String, commit: String, of model: HubModel, at endpoint: String) -> String {
        "\(endpoint)/\(model.id)/resolve/\(commit)/\(escaped(path, besides: "/"))"
    }

    private static func escaped(_ text: String, besides also: String) -> String {
        let plain = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~\(also)".utf8)
        return text.utf8.map { byte in
            if plain.contains(byte) { return String(UnicodeScalar(byte)) }
            let hex = String(byte, radix: 16, uppercase: true)
            return hex.utf8.count == 1 ? "%0\(hex)" : "%\(hex)"
        }.joined()
    }

    /// - Throws: what in the answer is not as the hub has it.
    package init(_ bytes: [UInt8], at endpoint: String) throws(DownloadError) {
        func unusable(_ problem: String) -> DownloadError {
            DownloadError(
                .failure, "\(endpoint) answers as no Hugging Face hub does (\(problem)); is HF_ENDPOINT right?")
        }
        let answer: JSONValue
        do throws(JSONError) {
            answer = try JSONValue(parsing: bytes.span)
        } catch {
            throw unusable("\(error)")
        }
        guard let commit = answer["sha"]?.string, isCommit(commit) else { throw unusable("there is no commit in it") }
        guard let siblings = answer["siblings"]?.elements else { throw unusable("there are no files in it") }
        self.commit = commit
        files = siblings.compactMap(File.init)
        guard files.count == siblings.count else { throw unusable("files have no size or no digest") }
    }
}

extension HubListing.File {
    fileprivate init?(_ sibling: JSONValue) {
        guard let path = sibling["rfilename"]?.string else { return nil }
        let large = sibling["lfs"]
        guard let byteCount = large?["size"]?.integer ?? sibling["size"]?.integer, byteCount >= 0,
            let hex = large?["sha256"]?.string ?? sibling["blobId"]?.string, let checksum = Checksum(hex: hex)
        else { return nil }
        self.init(path: path, byteCount: byteCount, checksum: checksum)
    }
}

extension HubListing {
    /// Those of the model, the weights last: what is wrong with the others should show soon.
    /// - Throws: what to do where the repository does not have them.
    package func files(of model: HubModel) throws(DownloadError) -> [File] {
        var byPath: [String: File] = [:]
        for file in files { byPath[file.path] = file }
        let (configuration, weights) = (ModelFiles.configuration, ModelFiles.weights)
        let names = [configuration] + ModelFiles.tokenizer + [weights]
        guard byPath[model.path(of: configuration)] != nil else {
            throw DownloadError(
                .request,
                "\(model) has no \(configuration)\(elsewhere(configuration, model) ?? "; is it a model of transformers?")"
            )
        }
        guard byPath[model.path(of: weights)] != nil else {
            throw DownloadError(.request, "\(model) has no \(weights)\(remedy(byPath, model))")
        }
        guard ModelFiles.hasVocabulary(Set(names.filter { byPath[model.path(of: $0)] != nil })) else {
            throw DownloadError(
                .request,
                "\(model) has no tokenizer: none of tokenizer.json, vocab.txt, vocab.json with merges.txt, "
                    + "sentencepiece.bpe.model; copy one into a folder with the model, and name that")
        }
        return names.compactMap { byPath[model.path(of: $0)] }
    }

    private func elsewhere(_ name: String, _ model: HubModel) -> String? {
        let folders = files.map(\.path).filter { $0.hasSuffix("/\(name)") }.map { $0.dropLast(name.count + 1) }
        guard let folder = folders.first, model.subfolder == nil else { return nil }
        return "; there is one in a folder of it: --subfolder \(folder)"
    }

    private func remedy(_ byPath: [String: File], _ model: HubModel) -> String {
        let weights = ModelFiles.weights
        let isDivided = byPath[model.path(of: "\(weights).index.json")] != nil
        let isPickled = byPath.keys.contains { $0.hasPrefix(model.path(of: "pytorch_model")) && $0.hasSuffix(".bin") }
        guard isDivided || isPickled else {
            return elsewhere(weights, model) ?? "; only models with such a file can be used"
        }
        let found = isDivided ? "its weights in several files" : "pytorch_model.bin, which can hide a program"
        let folder = model.subfolder.map { ", subfolder='\($0)'" } ?? ""
        let source = "'\(model.id)', revision='\(model.revision)'\(folder)"
        return " but \(found); convert it once: python3 -c \"from transformers import AutoModelForPreTraining as M, "
            + "AutoTokenizer as T; M.from_pretrained(\(source)).save_pretrained('DIR', max_shard_size='99GB'); "
            + "T.from_pretrained(\(source)).save_pretrained('DIR')\", and use DIR as the model"
    }
}

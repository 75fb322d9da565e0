/// A model on the Hugging Face hub: a repository, one of its revisions, and perhaps a folder in it.
package struct HubModel: Hashable, Sendable {
    /// As `FacebookAI/roberta-base`, or `roberta-base` for the hub's oldest.
    package let id: String
    /// A branch, a tag or a commit.
    package let revision: String
    /// nil where the model's files are the repository's own.
    package let subfolder: String?

    package static let mainRevision = "main"

    package init(_ id: String, revision: String? = nil, subfolder: String? = nil) throws(DownloadError) {
        guard Self.isID(id) else {
            throw DownloadError(
                .request,
                "'\(id)' cannot be a model's name on the hub; those are like roberta-base or FacebookAI/roberta-base")
        }
        let revision = revision ?? Self.mainRevision
        guard Self.isRelativePath(revision) else {
            throw DownloadError(.request, "'\(revision)' cannot be a revision: a branch, a tag or a commit")
        }
        let folder = subfolder.map { String($0.drop { $0 == "/" }.reversed().drop { $0 == "/" }.reversed()) }
        if let folder, !Self.isRelativePath(folder) {
            throw DownloadError(.request, "'\(folder)' cannot be a folder in a repository; write it like onnx/small")
        }
        self.id = id
        self.revision = revision
        self.subfolder = folder
    }

    /// The hub's own rule: one name or two with a slash between, of ASCII letters, digits, `-`, `_` and `.`.
    package static func isID(_ text: String) -> Bool {
        let names = text.split(separator: "/", omittingEmptySubsequences: false)
        let length = text.utf8.count
        guard 1...2 ~= names.count, length <= 96, !text.contains("--"), !text.contains(".."), !text.hasSuffix(".git")
        else { return false }
        return names.allSatisfy { name in
            guard let first = name.utf8.first, let last = name.utf8.last else { return false }
            return name.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
                && isWord(first) && isWord(last)
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Whether a text is names with a slash between that lead out of no folder.
    static func isRelativePath(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
            && text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { name in
                !name.isEmpty && !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8)
            }
    }

    /// The command that brings it here.
    package var command: String {
        var words = ["headstart model fetch \(id)"]
        if revision != Self.mainRevision { words.append("--revision \(revision)") }
        if let subfolder { words.append("--subfolder \(subfolder)") }
        return words.joined(separator: " ")
    }

    /// The path in the repository of a file of the model.
    func path(of name: String) -> String { subfolder.map { "\($0)/\(name)" } ?? name }
}

extension HubModel: CustomStringConvertible {
    package var description: String {
        let folder = subfolder.map { "/\($0)" } ?? ""
        return revision == Self.mainRevision ? id + folder : "\(id)\(folder) (\(revision))"
    }
}

import Experiments
package import Files
import Foundation

/// The hub's cache as `huggingface_hub` lays it out, so that both share it:
///
///     models--FacebookAI--roberta-base/
///         refs/main                               a commit
///         snapshots/COMMIT/model.safetensors      a link to ../../blobs/CHECKSUM
///         blobs/CHECKSUM                          the bytes
///         blobs/CHECKSUM.incomplete               those that have come so far
///     .locks/models--FacebookAI--roberta-base/CHECKSUM.lock
package struct HubCache: Hashable, Sendable {
    package let root: String

    package init(root: String) { self.root = root }

    private func name(of id: String) -> String { "models--" + id.replacing("/", with: "--") }

    package func folder(of id: String) -> String { "\(root)/\(name(of: id))" }

    package func blob(_ checksum: Checksum, of id: String) -> String { "\(folder(of: id))/blobs/\(checksum.hex)" }
    func partial(_ checksum: Checksum, of id: String) -> String { blob(checksum, of: id) + ".incomplete" }
    func lock(_ checksum: Checksum, of id: String) -> String { "\(root)/.locks/\(name(of: id))/\(checksum.hex).lock" }

    /// Where the model's files of a commit are.
    package func snapshot(_ model: HubModel, commit: String) -> String {
        "\(folder(of: model.id))/snapshots/\(commit)" + (model.subfolder.map { "/\($0)" } ?? "")
    }

    // MARK: What is here

    /// The commit that a revision was when it was last asked for.
    package func commit(of model: HubModel) throws(FileError) -> String? {
        if isCommit(model.revision) { return model.revision }
        let ref = "\(folder(of: model.id))/refs/\(model.revision)"
        guard Disk.isPlainFile(ref) else { return nil }
        let text = String(decoding: try Disk.read(ref, count: 100), as: UTF8.self).filter { !$0.isWhitespace }
        return isCommit(text) ? text : nil
    }

    /// The directory of a model that is here with all of the files that it needs.
    package func directory(of model: HubModel) throws(FileError) -> String? {
        guard let commit = try commit(of: model) else { return nil }
        let snapshot = snapshot(model, commit: commit)
        return ModelFiles.suffice(fileNames(in: snapshot)) ? snapshot : nil
    }

    /// A link whose file is gone is no file.
    private func fileNames(in folder: String) -> Set<String> {
        Set(Directory.names(in: folder).filter { Disk.isPlainFile("\(folder)/\($0)") })
    }

    /// A model that lies here.
    package struct Entry: Hashable, Sendable {
        package let id: String
        package let commit: String
        package let subfolder: String?
        /// The branches and tags that were this commit when they were last asked for.
        package let revisions: [String]
        package let directory: String
        /// The names of its files.
        package let files: Set<String>
    }

    /// Every snapshot with a configuration in it, and the folders of it that are models, by name and commit.
    package func entries() throws(FileError) -> [Entry] {
        var entries: [Entry] = []
        for name in Directory.names(in: root).sorted() where name.hasPrefix("models--") {
            let id = String(name.dropFirst("models--".count)).replacing("--", with: "/")
            guard HubModel.isID(id) else { continue }
            let folder = "\(root)/\(name)"
            let refs = try refs(in: "\(folder)/refs")
            for commit in Directory.names(in: "\(folder)/snapshots").sorted() where isCommit(commit) {
                let snapshot = "\(folder)/snapshots/\(commit)"
                let folders = Directory.files(under: snapshot)
                    .filter { Path.name(of: $0) == ModelFiles.configuration && Disk.isPlainFile($0) }
                    .map(Path.folder)
                    // Folders may hold settings of other things.
                    .filter { $0 == snapshot || Disk.isPlainFile("\($0)/\(ModelFiles.weights)") }
                entries += folders.sorted().map { directory in
                    Entry(
                        id: id, commit: commit,
                        subfolder: directory == snapshot ? nil : String(directory.dropFirst(snapshot.count + 1)),
                        revisions: refs[commit, default: []].sorted(), directory: directory,
                        files: fileNames(in: directory))
                }
            }
        }
        return entries
    }

    private func refs(in folder: String) throws(FileError) -> [String: [String]] {
        var refs: [String: [String]] = [:]
        for path in Directory.files(under: folder) where Disk.isPlainFile(path) {
            let commit = String(decoding: try Disk.read(path, count: 100), as: UTF8.self).filter { !$0.isWhitespace }
            refs[commit, default: []].append(String(path.dropFirst(folder.count + 1)))
        }
        return refs
    }

    // MARK: What is put here

    /// Where a file of a commit is found.
    func place(of path: String, commit: String, of id: String) -> String {
        "\(folder(of: id))/snapshots/\(commit)/\(path)"
    }

    /// Links a file of a commit to its bytes, in place of whatever was there.
    package func link(_ checksum: Checksum, as path: String, commit: String, of id: String) throws(FileError) {
        let link = place(of: path, commit: commit, of: id)
        let up = String(repeating: "../", count: path.utf8.count { $0 == UInt8(ascii: "/") } + 2)
        let target = "\(up)blobs/\(checksum.hex)"
        try Directory.make(Path.folder(of: link))
        let temporary = "\(link).\(getpid()).tmp"
        try Disk.remove(temporary)
        guard symlink(target, temporary) == 0 else { throw FileError(.write, link) }
        do throws(FileError) {
            try Disk.rename(temporary, to: link, isDurable: false)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Notes which commit a revision is.
    package func remember(_ model: HubModel, commit: String) throws(FileError) {
        guard model.revision != commit, try self.commit(of: model) != commit else { return }
        let ref = "\(folder(of: model.id))/refs/\(model.revision)"
        try Directory.make(Path.folder(of: ref))
        try AtomicFile.write(Data(commit.utf8), to: ref)
    }
}

/// A whole commit, as 40 hexadecimal digits.
func isCommit(_ text: String) -> Bool {
    if case .gitBlob? = Checksum(hex: text) { true } else { false }
}

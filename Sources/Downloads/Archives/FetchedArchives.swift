import Files
import Foundation

/// What came from archives into a data folder, and what it was then: kept on the first use and compared on every later one,
/// as nobody publishes the archives' digests.
struct FetchedArchives: Codable, Hashable {
    struct Archive: Codable, Hashable {
        var digest: Digest
        /// Of the files taken out of it, by their paths in the data folder.
        var files: [String: Digest]
    }

    /// By their addresses.
    var archives: [String: Archive] = [:]

    static func path(in folder: String) -> String { "\(folder)/archives.json" }

    static func read(in folder: String) throws -> FetchedArchives {
        let path = path(in: folder)
        guard Disk.isPlainFile(path) else { return FetchedArchives() }
        do {
            return try JSONDecoder().decode(FetchedArchives.self, from: Data(try Disk.read(path)))
        } catch let error as FileError {
            throw error
        } catch {
            throw DownloadError(
                .request,
                "\(path): is not what `headstart data fetch` writes; remove it, and fetch into an empty folder")
        }
    }

    func write(in folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(try encoder.encode(self) + Data("\n".utf8), to: Self.path(in: folder))
    }
}

/// Brings files of an archive on the network into a data folder.
package struct ArchiveFetch {
    let url: String
    /// Their paths in the archive, and in the folder.
    let files: [String]
    let folder: String

    package enum Result: Hashable, Sendable {
        case fetched
        /// They were here, as they came.
        case present
    }

    /// - Throws: where it cannot be an address or a path.
    package init(_ url: String, files: [String], to folder: String) throws(DownloadError) {
        guard ["https://", "http://"].contains(where: url.hasPrefix), url.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw DownloadError(.request, "'\(url)' is no address; it begins with https://")
        }
        if let path = files.first(where: { !HubModel.isRelativePath($0) }) {
            throw DownloadError(.request, "'\(path)' is no path within an archive")
        }
        self.url = url
        self.files = files
        self.folder = folder
    }

    package func perform(_ observer: any DownloadObserver) throws -> Result {
        try Directory.make(folder)
        var result = Result.present
        try FileLock.hold("\(folder)/.fetch.lock", named: Path.name(of: url), observer) {
            if try !isHere() {
                try fetch(observer)
                result = .fetched
            }
        }
        return result
    }

    /// Whether all is here as it came. What is here otherwise is somebody's own, and not for us to replace.
    private func isHere() throws -> Bool {
        let known = try FetchedArchives.read(in: folder).archives[url]
        var isHere = true
        for file in files {
            let path = "\(folder)/\(file)"
            guard Disk.byteCount(of: path) != nil else {
                isHere = false
                continue
            }
            guard try Disk.digest(of: path) == known?.files[file] else {
                let why =
                    known?.files[file] == nil ? "did not come from \(url)" : "was changed since it came from \(url)"
                throw DownloadError(.request, "\(path): \(why); move it away to have it fetched")
            }
        }
        return isHere
    }

    private func fetch(_ observer: any DownloadObserver) throws {
        try ZipArchive.checkLibrary()
        let partial = "\(folder)/.fetch.\(Digest(of: url.utf8).short).incomplete"
        let download = Download(url: url, name: Path.name(of: url), partial: partial, byteCount: nil)
        try download.run(observer) { _ in nil }
        do {
            try unpack(partial)
        } catch let error as DownloadError {
            // What is not whole now never will be.
            try Disk.remove(partial)
            throw DownloadError(error.cause, "\(url): \(error)")
        }
        try Disk.remove(partial)
    }

    private func unpack(_ path: String) throws {
        let digest = try Disk.digest(of: path)
        var known = try FetchedArchives.read(in: folder)
        if let before = known.archives[url]?.digest, before != digest {
            throw DownloadError(
                .failure,
                "the archive is not the one that was fetched before (its digest is \(digest.short)..., and was \(before.short)...); "
                    + "ask its publishers, and to trust the new one, remove its entry from \(FetchedArchives.path(in: folder))"
            )
        }
        var entry = known.archives[url] ?? FetchedArchives.Archive(digest: digest, files: [:])
        let archive = try ZipArchive(path: path)
        for file in files {
            entry.files[file] = try extract(file, from: archive)
        }
        known.archives[url] = entry
        try known.write(in: folder)
    }

    private func extract(_ file: String, from archive: ZipArchive) throws -> Digest {
        let bytes = try archive.bytes(of: file)
        let path = "\(folder)/\(file)"
        try Directory.make(Path.folder(of: path))
        try AtomicFile.write(Data(bytes), to: path)
        return Digest(of: bytes)
    }
}

import CZip
import Files

/// A zip archive that somebody else made.
final class ZipArchive {
    private let path: String
    private let archive: OpaquePointer
    private let indices: [String: Int64]

    /// No file of a dataset is larger; what unpacks to more is a bomb.
    static let byteLimit = 512 << 20

    /// - Throws: where nothing can be unpacked on this machine.
    static func checkLibrary() throws(DownloadError) {
        guard czip_is_there() != 0 else {
            throw DownloadError(.failure, "there is no libzip on this machine; apt-get install libzip-dev brings it")
        }
    }

    /// - Throws: also for an archive with names that lead out of a folder, which nobody packs by accident.
    init(path: String) throws(DownloadError) {
        try Self.checkLibrary()
        self.path = path
        var problem = [CChar](repeating: 0, count: 256)
        guard let archive = czip_open(path, &problem, problem.count) else {
            throw DownloadError(.failure, "it cannot be read as a zip archive (\(Self.text(problem)))")
        }
        var indices: [String: Int64] = [:]
        for index in 0..<czip_count(archive) {
            guard let name = czip_name(archive, index).map({ String(cString: $0) }) else { continue }
            guard Self.isHarmless(name) else {
                czip_close(archive)
                throw DownloadError(
                    .failure,
                    "it has a file '\(name)', which would lie outside of the folder; nothing of it was unpacked")
            }
            indices[name] = index
        }
        self.archive = archive
        self.indices = indices
    }

    deinit { czip_close(archive) }

    /// Of a folder the name ends with a slash.
    private static func isHarmless(_ name: String) -> Bool {
        !name.contains("\\") && HubModel.isRelativePath(name.hasSuffix("/") ? String(name.dropLast()) : name)
    }

    /// All bytes of a file in the archive, which were compared with its checksum.
    func bytes(of name: String) throws(DownloadError) -> [UInt8] {
        guard let index = indices[name] else {
            let names = indices.keys.filter { !$0.hasSuffix("/") }.sorted().prefix(5).joined(separator: ", ")
            throw DownloadError(.failure, "it has no '\(name)', but \(names)")
        }
        var problem = [CChar](repeating: 0, count: 256)
        guard let entry = czip_open_entry(archive, index, &problem, problem.count) else {
            throw DownloadError(.failure, "'\(name)' cannot be read (\(Self.text(problem)))")
        }
        defer { czip_close_entry(entry) }
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { piece.deallocate() }
        var bytes: [UInt8] = []
        while true {
            let count = czip_read(entry, piece.baseAddress, piece.count, &problem, problem.count)
            guard count >= 0 else { throw DownloadError(.failure, "'\(name)' is damaged (\(Self.text(problem)))") }
            if count == 0 { return bytes }
            guard bytes.count + Int(count) <= Self.byteLimit else {
                throw DownloadError(
                    .failure, "'\(name)' unpacks to more than \(Self.byteLimit >> 20) MiB; that is no dataset")
            }
            bytes.append(contentsOf: piece[..<Int(count)])
        }
    }

    private static func text(_ bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

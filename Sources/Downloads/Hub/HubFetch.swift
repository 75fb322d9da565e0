import Files
import Foundation

/// Brings a model from the hub into the cache: asks what there is, and fetches what is not here yet.
package struct HubFetch {
    let model: HubModel
    let settings: HubSettings

    package init(_ model: HubModel, settings: HubSettings) {
        self.model = model
        self.settings = settings
    }

    /// What the hub has, and how much of it has to come.
    package struct Plan: Sendable {
        package let commit: String
        let files: [HubListing.File]
        package let directory: String
        /// Bytes that are not here yet.
        package let missingByteCount: Int
        package var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }
    }

    /// - Throws: a sentence where the hub does not have the model, or one that cannot be used.
    package func plan(_ observer: any DownloadObserver) throws -> Plan {
        guard !settings.isOffline else {
            throw DownloadError(
                .request,
                "\(model) is not in \(settings.cache.root), and HF_HUB_OFFLINE keeps us from fetching it; unset it, "
                    + "or copy the model here")
        }
        let listing = try HubListing(try listing(observer), at: settings.endpoint)
        let files = try listing.files(of: model)
        let missing = files.filter { file in
            let places = [place(of: file, listing.commit), settings.cache.blob(file.checksum, of: model.id)]
            return !places.contains { Disk.byteCount(of: $0) == file.byteCount }
        }
        return Plan(
            commit: listing.commit, files: files, directory: settings.cache.snapshot(model, commit: listing.commit),
            missingByteCount: missing.reduce(0) { $0 + $1.byteCount })
    }

    /// Fetches what is missing and compares all of it with its digests.
    package func perform(_ plan: Plan, _ observer: any DownloadObserver) throws {
        for file in plan.files { try bring(file, plan.commit, observer) }
        // Only now would somebody who asks for the revision find all of it.
        try settings.cache.remember(model, commit: plan.commit)
    }

    private func listing(_ observer: any DownloadObserver) throws -> [UInt8] {
        let url = HubListing.url(of: model, at: settings.endpoint)
        let request = HTTPRequest(url: url, token: settings.token, stallSeconds: settings.stallSeconds)
        var bytes: [UInt8] = []
        try Persistence(url: url, name: "\(model)").run(observer, explain: refusal.error) {
            let answer = ShortAnswer(observer)
            let outcome = try request.perform(answer)
            bytes = answer.bytes
            if case .answered(let head) = outcome, head.status == 200 { return .done }
            return .failed(outcome, progressed: false)
        }
        return bytes
    }

    private var refusal: HubRefusal { HubRefusal(model: model, settings: settings) }

    private func place(of file: HubListing.File, _ commit: String) -> String {
        settings.cache.place(of: file.path, commit: commit, of: model.id)
    }

    private func bring(_ file: HubListing.File, _ commit: String, _ observer: any DownloadObserver) throws {
        // Nothing is written where all is there: the cache may be one that others look after.
        if try isWhole(place(of: file, commit), file) { return }
        try FileLock.hold(settings.cache.lock(file.checksum, of: model.id), named: file.path, observer) {
            let blob = settings.cache.blob(file.checksum, of: model.id)
            if try !isWhole(blob, file) {
                if Disk.byteCount(of: blob) != nil {
                    observer.noted("\(file.path): the copy in \(settings.cache.root) is damaged; it is fetched again")
                }
                try Directory.make(Path.folder(of: blob))
                try fetch(file, commit, to: blob, observer)
            }
            try settings.cache.link(file.checksum, as: file.path, commit: commit, of: model.id)
        }
    }

    private func isWhole(_ path: String, _ file: HubListing.File) throws -> Bool {
        try Disk.byteCount(of: path) == file.byteCount && file.checksum.matches(path)
    }

    private func fetch(
        _ file: HubListing.File, _ commit: String, to blob: String, _ observer: any DownloadObserver
    ) throws {
        let partial = settings.cache.partial(file.checksum, of: model.id)
        let hadBeginning = Disk.byteCount(of: partial) != nil
        let download = Download(
            url: HubListing.url(of: file.path, commit: commit, of: model, at: settings.endpoint), name: file.path,
            token: settings.token, partial: partial, byteCount: file.byteCount, stallSeconds: settings.stallSeconds)
        try download.run(observer, explain: refusal.error)
        if try file.checksum.matches(partial) { return try Disk.rename(partial, to: blob) }
        try Disk.remove(partial)
        // The beginning that an earlier try left may have been wrong.
        guard hadBeginning else { throw wrongDigest(file) }
        try fetch(file, commit, to: blob, observer)
    }

    private func wrongDigest(_ file: HubListing.File) -> DownloadError {
        DownloadError(
            .failure,
            "\(file.path): what came is not what \(settings.endpoint) announced (its digest is not \(file.checksum.hex.prefix(10))...); "
                + "nothing of it was kept, try again, and if it stays so, tell the model's owners")
    }
}

/// An answer that is kept in memory.
private final class ShortAnswer: HTTPReceiver {
    private let observer: any DownloadObserver
    private(set) var bytes: [UInt8] = []
    /// More than any repository has files to tell of.
    private static let byteLimit = 64 << 20

    init(_ observer: any DownloadObserver) { self.observer = observer }

    func check() throws { try observer.check() }

    func receive(_ bytes: UnsafeRawBufferPointer, of head: HTTPHead) throws {
        guard self.bytes.count + bytes.count <= Self.byteLimit else {
            throw DownloadError(.failure, "the server tells more than a hub would; is HF_ENDPOINT right?")
        }
        self.bytes += bytes
    }
}

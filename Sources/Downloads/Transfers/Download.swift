import Files
import Foundation

/// A file that comes over HTTP, into a partial file that goes on where an earlier try stopped.
struct Download {
    let url: String
    /// What people call it.
    let name: String
    var token: String?
    /// Where it grows; only one process may write there at a time.
    let partial: String
    /// nil where it is not known before.
    let byteCount: Int?
    var stallSeconds = 10

    /// Asks until all bytes are there. They were not compared with anything but their number.
    ///
    /// - Parameter explain: what a server's refusal means.
    func run(_ observer: any DownloadObserver, explain: (HTTPHead) -> DownloadError?) throws {
        // Whoever sends the same beginning again and again makes no progress.
        var furthest = 0
        try Persistence(url: url, name: name).run(observer, explain: explain) {
            let before = try start()
            // An empty file is there once it was asked for.
            guard before == 0 || before != byteCount else { return .done }
            furthest = max(furthest, before)
            let arrival = Arrival(self, from: before, observer)
            let outcome = try request(from: before).perform(arrival)
            if case .answered(let head) = outcome, let isWhole = try finish(head, arrival, from: before) {
                return isWhole ? .done : .anew
            }
            return .failed(outcome, progressed: arrival.count > furthest)
        }
    }

    private func request(from offset: Int) -> HTTPRequest {
        HTTPRequest(url: url, token: token, offset: offset, stallSeconds: stallSeconds)
    }

    /// - Returns: how much is there already.
    private func start() throws -> Int {
        let there = Disk.byteCount(of: partial) ?? 0
        guard let byteCount, there > byteCount else { return there }
        try Disk.remove(partial)
        return 0
    }

    /// - Returns: whether the file is whole, or has to be begun anew; nil where the server said something else.
    private func finish(_ head: HTTPHead, _ arrival: Arrival, from before: Int) throws -> Bool? {
        switch head.status {
        case 200, 206:
            guard arrival.isPlaced || before == 0 else { return try beginAnew() }
            try arrival.touch()
            guard let byteCount, arrival.count != byteCount else { return true }
            try Disk.remove(partial)
            throw wrongSize(arrival.count)
        case 416:
            // What is there is all there is, or not of this file.
            if byteCount == nil, head.contentRange?.whole == before { return true }
            return before > 0 ? try beginAnew() : nil
        default: return nil
        }
    }

    private func beginAnew() throws -> Bool {
        try Disk.remove(partial)
        return false
    }

    /// - Parameter count: how many came before it was clear.
    fileprivate func wrongSize(_ count: Int) -> DownloadError {
        let announced = byteCount ?? 0
        let what =
            count < announced
            ? "sent \(count) bytes and had announced \(announced)"
            : "sends more than the \(announced) bytes it had announced"
        return DownloadError(
            .failure, "\(name): the server \(what); nothing of it was kept, try again later")
    }
}

/// The bytes of one answer, on their way into the partial file.
private final class Arrival: HTTPReceiver {
    private let download: Download
    private let observer: any DownloadObserver
    private let asked: Int
    /// How long the partial file is.
    private(set) var count: Int
    /// Whether the answer's place in the file is known.
    private(set) var isPlaced = false

    init(_ download: Download, from offset: Int, _ observer: any DownloadObserver) {
        self.download = download
        self.observer = observer
        asked = offset
        count = offset
    }

    func check() throws { try observer.check() }

    func receive(_ bytes: UnsafeRawBufferPointer, of head: HTTPHead) throws {
        if !isPlaced { try place(head) }
        if let whole = download.byteCount, count + bytes.count > whole {
            try Disk.remove(download.partial)
            throw download.wrongSize(count + bytes.count)
        }
        try Disk.open(download.partial) { file throws(FileError) in try file.write(bytes, at: count) }
        count += bytes.count
        observer.progressed(download.name, byteCount: count, of: download.byteCount ?? whole(head))
    }

    /// Where the bytes belong: a server that knows no ranges sends all from the start.
    private func place(_ head: HTTPHead) throws {
        if head.status == 200 {
            if asked > 0 { try Disk.remove(download.partial) }
            count = 0
        } else if head.contentRange?.first != asked {
            throw DownloadError(
                .failure,
                "\(download.name): bytes from \(asked) on were asked for, and the server sends "
                    + "'\(head.fields["content-range"] ?? "")'; is a faulty proxy between?")
        }
        isPlaced = true
    }

    /// An empty file has no bytes that would make it.
    func touch() throws { try Disk.open(download.partial) { _ in } }

    private func whole(_ head: HTTPHead) -> Int? {
        head.contentRange?.whole ?? head.contentLength
    }
}

import Files
import Foundation
import Synchronization
import TestKit
import Testing

@Suite struct ContentStoreTests {
    let folder: TemporaryFolder
    let store: ContentStore
    let bytes = Array("the bytes of a head".utf8)
    let digest: Digest

    init() throws {
        folder = try TemporaryFolder()
        store = ContentStore(root: folder.path)
        digest = Digest(of: bytes)
    }

    @Test func `what is added lies under its digest`() throws {
        #expect(try store.add(bytes, as: digest))
        #expect(try store.isWhole(digest))
        let path = "\(folder.path)/\(digest.hex.prefix(2))/\(digest)"
        #expect(store.path(of: digest) == path)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
        #expect(try !store.add(bytes + [0], as: digest))
    }

    @Test func `an artifact is read in pieces, and nothing behind its end`() throws {
        _ = try store.add(bytes, as: digest)
        #expect(try store.read(digest, offset: 4, count: 5) == Array(bytes[4..<9]))
        #expect(try store.read(digest, offset: 15, count: 100) == Array(bytes[15...]))
        #expect(try store.read(digest, offset: 100, count: 5) == [])
        #expect(try store.read(digest, offset: -1, count: 5) == [])
        #expect(try store.read(digest, offset: 4, count: .max) == Array(bytes[4...]))
        #expect(try store.read(Digest(of: [7]), offset: 0, count: 5) == nil)
    }

    @Test func `an upload that was cut goes on where it stopped, in another process too`() throws {
        #expect(try store.resume(digest, byteCount: bytes.count) == .partial(upTo: 0))
        #expect(try store.receive(Array(bytes[..<7]), of: digest, byteCount: bytes.count, at: 0) == .partial(upTo: 7))
        let later = ContentStore(root: folder.path)
        #expect(try later.resume(digest, byteCount: bytes.count) == .partial(upTo: 7))
        #expect(try later.condition(of: digest) == .missing)
        #expect(try later.receive(Array(bytes[7...]), of: digest, byteCount: bytes.count, at: 7) == .complete)
        #expect(try Data(contentsOf: URL(fileURLWithPath: later.path(of: digest))) == Data(bytes))
        #expect(try later.resume(digest, byteCount: bytes.count) == .complete)
    }

    @Test func `chunks that are repeated or out of order change nothing`() throws {
        #expect(try store.receive(Array(bytes[..<7]), of: digest, byteCount: bytes.count, at: 0) == .partial(upTo: 7))
        #expect(try store.receive(Array(bytes[..<7]), of: digest, byteCount: bytes.count, at: 0) == .partial(upTo: 7))
        #expect(try store.receive(Array(bytes[9...]), of: digest, byteCount: bytes.count, at: 9) == .partial(upTo: 7))
        #expect(try store.receive(bytes + bytes, of: digest, byteCount: bytes.count, at: 7) == .partial(upTo: 7))
        #expect(try store.receive([], of: digest, byteCount: bytes.count, at: -7) == .partial(upTo: 7))
    }

    @Test func `bytes that are not those announced are thrown away and asked for again`() throws {
        let wrong = Array("the bytes of a toad".utf8)
        #expect(try store.receive(wrong, of: digest, byteCount: bytes.count, at: 0) == .corrupt)
        #expect(try store.condition(of: digest) == .missing)
        #expect(try store.resume(digest, byteCount: bytes.count) == .partial(upTo: 0))
        #expect(try store.receive(bytes, of: digest, byteCount: bytes.count, at: 0) == .complete)
    }

    @Test func `an upload that was whole when the process ended is completed`() throws {
        let longer = bytes.count + 1
        #expect(try store.receive(bytes, of: digest, byteCount: longer, at: 0) == .partial(upTo: bytes.count))
        #expect(try store.resume(digest, byteCount: bytes.count) == .complete)
    }

    @Test func `an empty artifact is an artifact`() throws {
        let empty = Digest(of: [])
        #expect(try store.resume(empty, byteCount: 0) == .complete)
        #expect(try store.isWhole(empty))
    }

    /// /dev/full takes no byte: every write to it finds the disk full.
    @Test func `a full disk is a clear error`() throws {
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/partial", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/partial/\(digest)", withDestinationPath: "/dev/full")
        let error = #expect(throws: FileError.self) {
            try store.receive(bytes, of: digest, byteCount: bytes.count, at: 0)
        }
        #expect(error?.isDiskFull == true)
    }

    @Test func `of two that share a cache one receives a file, and the other goes on where it is gone`() throws {
        let (first, second) = (
            ContentStore(root: folder.path, isCache: true), ContentStore(root: folder.path, isCache: true)
        )
        #expect(try first.resume(digest, byteCount: bytes.count) == .partial(upTo: 0))
        #expect(try second.resume(digest, byteCount: bytes.count) == .elsewhere)
        #expect(try first.receive(Array(bytes[..<7]), of: digest, byteCount: bytes.count, at: 0) == .partial(upTo: 7))
        #expect(try second.receive(bytes, of: digest, byteCount: bytes.count, at: 0) == .elsewhere)
        // Nobody has touched it for a minute.
        let time = timespec(tv_sec: Int(Date().timeIntervalSince1970) - 60, tv_nsec: 0)
        #expect(utimensat(AT_FDCWD, folder["partial/\(digest)"], [time, time], 0) == 0)
        #expect(try second.resume(digest, byteCount: bytes.count) == .partial(upTo: 7))
        #expect(try second.receive(Array(bytes[7...]), of: digest, byteCount: bytes.count, at: 7) == .complete)
        #expect(try first.receive(Array(bytes[7...]), of: digest, byteCount: bytes.count, at: 7) == .complete)
        #expect(Directory.names(in: folder["partial"]).isEmpty)
    }

    @Test func `whoever shares a cache has a file as soon as another one has received it`() throws {
        let (first, second) = (
            ContentStore(root: folder.path, isCache: true), ContentStore(root: folder.path, isCache: true)
        )
        #expect(try first.resume(digest, byteCount: bytes.count) == .partial(upTo: 0))
        #expect(try second.resume(digest, byteCount: bytes.count) == .elsewhere)
        #expect(try first.receive(bytes, of: digest, byteCount: bytes.count, at: 0) == .complete)
        #expect(try second.resume(digest, byteCount: bytes.count) == .complete)
    }

    /// What happens between the look for a file and the claim of it is up to the machine, so it is tried often.
    @Test(.timeLimit(.minutes(1))) func `of two that ask all the time only one ever receives a file`() throws {
        let rounds = (0..<4_000).map { Array("file \($0)".utf8) }
        let received = Mutex(0)
        try onTwoThreads {
            let cache = ContentStore(root: folder.path, isCache: true)
            for bytes in rounds {
                let digest = Digest(of: bytes)
                while case let stands = try cache.resume(digest, byteCount: bytes.count), stands != .complete {
                    guard case .partial = stands else { continue }
                    received.withLock { $0 += 1 }
                    _ = try cache.receive(bytes, of: digest, byteCount: bytes.count, at: 0)
                }
            }
        }
        #expect(received.withLock { $0 } == rounds.count)
        #expect(Directory.names(in: folder["partial"]).isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func `of two that receive a file at once both have it`() throws {
        try onTwoThreads {
            let store = ContentStore(root: folder.path)
            for bytes in (0..<400).map({ Array("file \($0)".utf8) }) {
                let reception = try store.receive(bytes, of: Digest(of: bytes), byteCount: bytes.count, at: 0)
                #expect(reception == .complete)
            }
        }
    }

    private func onTwoThreads(_ body: @Sendable () throws -> Void) throws {
        let error = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: 2) { _ in
            do { try body() } catch let first { error.withLock { $0 = first } }
        }
        if let first = error.withLock({ $0 }) { throw first }
    }

    @Test func `uploads that nobody goes on with are let go`() throws {
        #expect(try store.receive(Array(bytes[..<7]), of: digest, byteCount: bytes.count, at: 0) == .partial(upTo: 7))
        try store.removeAbandoned(before: Date(timeIntervalSinceNow: -60))
        #expect(try store.resume(digest, byteCount: bytes.count) == .partial(upTo: 7))
        try store.removeAbandoned(before: .distantFuture)
        #expect(try store.resume(digest, byteCount: bytes.count) == .partial(upTo: 0))
        #expect(try store.receive(Array(bytes[..<7]), of: digest, byteCount: bytes.count, at: 0) == .partial(upTo: 7))
        try store.forget(digest)
        #expect(try store.resume(digest, byteCount: bytes.count) == .partial(upTo: 0))
    }

    // MARK: Bytes that changed

    private enum Harm: CaseIterable {
        case flipped, cut, emptied, longer
    }

    private func harm(_ harm: Harm) throws {
        var changed = Data(bytes)
        switch harm {
        case .flipped: changed[3] ^= 0x10
        case .cut: changed.removeLast(5)
        case .emptied: changed = Data()
        case .longer: changed.append(0)
        }
        try changed.write(to: URL(fileURLWithPath: store.path(of: digest)))
    }

    @Test(arguments: Harm.allCases)
    private func `a file that was changed is handed to nobody, and makes room for the right one`(_ harm: Harm) throws {
        _ = try store.add(bytes, as: digest)
        try self.harm(harm)
        for store in [store, ContentStore(root: folder.path)] {
            #expect(try store.read(digest, offset: 0, count: 4) == nil)
            #expect(try store.condition(of: digest, byteCount: bytes.count) == .damaged)
        }
        #expect(try store.resume(digest, byteCount: bytes.count) == .partial(upTo: 0))
        #expect(Directory.names(in: store.quarantine) == [digest.hex])
        #expect(try store.receive(bytes, of: digest, byteCount: bytes.count, at: 0) == .complete)
        #expect(try store.read(digest, offset: 0, count: .max) == bytes)
    }

    /// Whoever reads the first byte of /proc/self/mem has an input/output error.
    @Test func `a file that cannot be read is put aside, and makes room for the right one`() throws {
        let place = store.path(of: digest)
        try Directory.make(Path.folder(of: place))
        try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "/proc/self/mem")
        #expect(try store.condition(of: digest) == .damaged)
        #expect(try store.resume(digest, byteCount: bytes.count) == .partial(upTo: 0))
        #expect(Directory.names(in: store.quarantine) == [digest.hex])
        #expect(try store.receive(bytes, of: digest, byteCount: bytes.count, at: 0) == .complete)
    }

    @Test(arguments: Harm.allCases)
    private func `a cache lets a changed file go`(_ harm: Harm) throws {
        let cache = ContentStore(root: folder.path, isCache: true)
        #expect(try cache.add(bytes, as: digest))
        try self.harm(harm)
        #expect(try cache.resume(digest, byteCount: bytes.count) == .partial(upTo: 0))
        #expect(Directory.names(in: cache.quarantine).isEmpty)
        try self.harm(harm)
        #expect(try cache.add(bytes, as: digest))
        #expect(try cache.read(digest, offset: 0, count: .max) == bytes)
    }

    @Test func `whoever announces another length harms no file that is whole`() throws {
        _ = try store.add(bytes, as: digest)
        #expect(try store.resume(digest, byteCount: bytes.count + 1) == .corrupt)
        #expect(try store.isWhole(digest))
    }

    @Test func `a file is adopted only at the length announced`() throws {
        let file = try folder.write("the bytes of a head", to: "made")
        #expect(throws: FileError.self) { try store.adopt(file, as: digest, byteCount: bytes.count + 1) }
        try store.adopt(file, as: digest, byteCount: bytes.count)
        #expect(try store.read(digest, offset: 0, count: .max) == bytes)
        #expect(!FileManager.default.fileExists(atPath: file))
    }
}

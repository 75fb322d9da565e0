import Experiments
import Foundation
import Ledger
import TestKit
import Testing

struct ArtifactStoreTests {
    let store: TemporaryFolder
    let artifacts: ArtifactStore
    let bytes = Array("the bytes of a head".utf8)
    let reference: ArtifactReference

    init() throws {
        store = try TemporaryFolder()
        artifacts = ArtifactStore(store: store.path)
        reference = ArtifactReference(
            id: ArtifactID(rawValue: Digest(of: bytes)), kind: .head, byteCount: bytes.count)
    }

    @Test func `what is added lies under its digest`() throws {
        #expect(try artifacts.add(bytes, kind: .head) == reference)
        #expect(artifacts.contains(reference.id))
        let hex = reference.id.description
        let path = "\(store.path)/artifacts/\(hex.prefix(2))/\(hex)"
        #expect(artifacts.path(of: reference.id) == path)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
        #expect(try artifacts.add(file: path, kind: .head) == reference)
    }

    @Test func `an artifact is read in pieces, and nothing behind its end`() throws {
        _ = try artifacts.add(bytes, kind: .head)
        #expect(try artifacts.read(reference.id, offset: 4, count: 5) == Array(bytes[4..<9]))
        #expect(try artifacts.read(reference.id, offset: 15, count: 100) == Array(bytes[15...]))
        #expect(try artifacts.read(reference.id, offset: 100, count: 5) == [])
        #expect(try artifacts.read(reference.id, offset: -1, count: 5) == [])
        #expect(try artifacts.read(reference.id, offset: 4, count: .max) == Array(bytes[4...]))
        #expect(try artifacts.read(ArtifactID(rawValue: anyDigest), offset: 0, count: 5) == nil)
    }

    @Test func `an upload that was cut goes on where it stopped, in another process too`() throws {
        #expect(try artifacts.resume(reference) == .partial(upTo: 0))
        #expect(try artifacts.receive(Array(bytes[..<7]), of: reference, at: 0) == .partial(upTo: 7))
        let later = ArtifactStore(store: store.path)
        #expect(try later.resume(reference) == .partial(upTo: 7))
        #expect(!later.contains(reference.id))
        #expect(try later.receive(Array(bytes[7...]), of: reference, at: 7) == .complete)
        #expect(try Data(contentsOf: URL(fileURLWithPath: later.path(of: reference.id))) == Data(bytes))
        #expect(try later.resume(reference) == .complete)
    }

    @Test func `chunks that are repeated or out of order change nothing`() throws {
        #expect(try artifacts.receive(Array(bytes[..<7]), of: reference, at: 0) == .partial(upTo: 7))
        #expect(try artifacts.receive(Array(bytes[..<7]), of: reference, at: 0) == .partial(upTo: 7))
        #expect(try artifacts.receive(Array(bytes[9...]), of: reference, at: 9) == .partial(upTo: 7))
        #expect(try artifacts.receive(bytes + bytes, of: reference, at: 7) == .partial(upTo: 7))
        #expect(try artifacts.receive([], of: reference, at: -7) == .partial(upTo: 7))
    }

    @Test func `bytes that are not those announced are thrown away and asked for again`() throws {
        let wrong = Array("the bytes of a toad".utf8)
        #expect(try artifacts.receive(wrong, of: reference, at: 0) == .corrupt)
        #expect(!artifacts.contains(reference.id))
        #expect(try artifacts.resume(reference) == .partial(upTo: 0))
        #expect(try artifacts.receive(bytes, of: reference, at: 0) == .complete)
    }

    @Test func `an upload that was whole when the process ended is completed`() throws {
        let longer = ArtifactReference(id: reference.id, kind: .head, byteCount: bytes.count + 1)
        #expect(try artifacts.receive(bytes, of: longer, at: 0) == .partial(upTo: bytes.count))
        #expect(try artifacts.resume(reference) == .complete)
    }

    @Test func `an empty artifact is an artifact`() throws {
        let empty = ArtifactReference(id: ArtifactID(rawValue: Digest(of: [])), kind: .log, byteCount: 0)
        #expect(try artifacts.resume(empty) == .complete)
        #expect(artifacts.contains(empty.id))
    }

    /// /dev/full takes no byte: every write to it finds the disk full.
    @Test func `a full disk is a clear error`() throws {
        try FileManager.default.createDirectory(
            atPath: "\(store.path)/artifacts/partial", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: "\(store.path)/artifacts/partial/\(reference.id)", withDestinationPath: "/dev/full")
        let error = #expect(throws: LedgerError.self) { try artifacts.receive(bytes, of: reference, at: 0) }
        guard case .diskFull = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a log grows by what is new`() throws {
        let logs = StageLogs(store: store.path)
        let stage = StageKey(rawValue: anyDigest)
        for (text, offset) in [("one\n", 0), ("one\ntwo\n", 0), ("two\n", 4), ("four\n", 100)] {
            try logs.append(text, at: offset, to: stage, first)
        }
        #expect(logs.path(of: stage, first) == "\(store.path)/logs/\(stage)/attempt-1.log")
        let text = try String(contentsOfFile: logs.path(of: stage, first), encoding: .utf8)
        #expect(text == "one\ntwo\nfour\n")
    }
}

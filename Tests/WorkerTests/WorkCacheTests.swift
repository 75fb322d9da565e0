import Experiments
import Files
import Foundation
import TestKit
import Testing
import Worker

struct WorkCacheTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// As it would lie there after hours.
    private func age(_ path: String, hours: Double) throws {
        let time = timespec(tv_sec: Int(Date().timeIntervalSince1970 - hours * 3600), tv_nsec: 0)
        #expect(utimensat(AT_FDCWD, path, [time, time], 0) == 0)
    }

    @Test func `what was not used for longest goes first, and what is in use stays`() throws {
        let cache = WorkCache(folder.path, byteLimit: 3_500)
        let heads = (1...4).map { bytes(1_000, seed: $0) }
        for (index, head) in heads.prefix(3).enumerated() {
            #expect(try cache.add(head, as: reference(head)))
            try age(cache.artifacts.path(of: reference(head).id.rawValue), hours: [3, 5, 2][index])
        }
        // A stage asks for the oldest one again.
        #expect(try cache.add(heads[1], as: reference(heads[1])))
        #expect(try cache.add(heads[3], as: reference(heads[3])))
        let isKept = try heads.map { try cache.artifacts.isWhole(reference($0).id.rawValue) }
        #expect(isKept == [false, true, true, true])
    }

    @Test func `checkpoints and features count like artifacts`() throws {
        let old = try folder.write(String(repeating: "c", count: 900), to: "checkpoints/a/checkpoint.safetensors")
        let features = try folder.write(String(repeating: "f", count: 900), to: "features/b.safetensors")
        try age(old, hours: 20)
        try WorkCache(folder.path, byteLimit: 1_000).prepare()
        #expect(!FileManager.default.fileExists(atPath: old) && FileManager.default.fileExists(atPath: features))
    }

    @Test func `a folder of links goes with the file that one of them leads to, unless it is used`() throws {
        let head = bytes(1_000)
        let path = WorkCache(folder.path, byteLimit: 500).artifacts.path(of: reference(head).id.rawValue)
        let file = path.dropFirst(folder.path.count)
        try folder.write("\(head)", to: String(file.dropFirst()))
        let folders = ["old", "used", "whole"].map { folder["inputs/\($0)"] }
        for (index, inputs) in folders.enumerated() {
            try Directory.make("\(inputs)/train/1")
            let target = index == 2 ? folder["kept"] : "../../../..\(file)"
            try Disk.link("\(inputs)/train/1/rte.tsv", to: target)
            if index != 1 { try age(inputs, hours: 20) }
        }
        try folder.write("whole", to: "kept")
        try age(path, hours: 20)
        try WorkCache(folder.path, byteLimit: 500).prepare()
        #expect(folders.map(Directory.isThere) == [false, true, true])
    }

    @Test func `results of workers that were killed are removed when the next one starts`() throws {
        let host = String(ProcessInfo.processInfo.hostName.prefix(100))
        let dead = try folder.write("head", to: "outputs/\(host)-99999999-abc/head.safetensors")
        let alive = try folder.write("head", to: "outputs/\(host)-1-abc/head.safetensors")
        let elsewhere = try folder.write("head", to: "outputs/another-host-99999999-abc/head.safetensors")
        try WorkCache(folder.path, byteLimit: 1_000).prepare()
        #expect(!FileManager.default.fileExists(atPath: dead))
        #expect([alive, elsewhere].allSatisfy { FileManager.default.fileExists(atPath: $0) })
    }
}

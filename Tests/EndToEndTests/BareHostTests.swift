import Files
import Foundation
import Safetensors
import TestKit
import Testing

/// Hosts that have the program, an address and nothing else.
struct BareHostTests {
    private let shop: Workshop

    init() throws {
        shop = try Workshop()
        try writeSweep(seeds: "[1, 2]")
    }

    private func writeSweep(seeds: String) throws {
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: \(seeds)
            defaults: { max-steps: 8, batch: 8 }
            methods: { tuned: { tune: bitfit } }
            """, to: "sweep.yaml")
    }

    private func startCoordinator(
        port: String = "*", seeds: String = "[1, 2]"
    ) throws -> (coordinator: Running, port: String) {
        try writeSweep(seeds: seeds)
        let coordinator = try Running(
            [
                "-c",
                "exec \"$0\" coordinator sweep.yaml --data data --store store --listen 'tcp://127.0.0.1:\(port)' 2>&1",
                Program.path,
            ], of: "/bin/bash", in: shop.folder)
        #expect(coordinator.wait { $0.contains("the coordinator listens") })
        let found = coordinator.output.firstMatch(of: /tcp:\/\/127\.0\.0\.1:(\d+)/)
        return (coordinator, try #require(found.map { String($0.1) }))
    }

    /// A group on a host whose home is empty at first.
    /// - Parameter more: where the model and the data should be, which is nowhere.
    private func startWorker(_ port: String, home: String, _ more: [String]? = nil) throws -> Running {
        try FileManager.default.createDirectory(atPath: shop.path(home), withIntermediateDirectories: true)
        let nowhere = ["--model", shop.path("nowhere"), "--data", shop.path("nowhere")]
        return try Running(
            ["worker", "--coordinator", "tcp://127.0.0.1:\(port)", "--threads", "1"] + (more ?? nowhere),
            in: shop.folder, environment: ["HEADSTART_CACHE": nil, "HOME": shop.path(home)])
    }

    private func table() throws -> String {
        try shop.run("results", "--store", "store", "--per-seed", "--format", "csv").output
    }

    @Test(.timeLimit(.minutes(10)))
    func `a host with nothing but the program and an address trains, and so does its second group`() throws {
        let undisturbed = try shop.run("run", "sweep.yaml", "--data", "data", "--store", "store")
        #expect(undisturbed.status == 0, "\(undisturbed.errors)")
        let table = try table()
        try FileManager.default.removeItem(atPath: shop.path("store"))

        let (coordinator, port) = try startCoordinator()
        defer { coordinator.kill() }
        let workers = try (0..<2).map { _ in try startWorker(port, home: "home") }
        for worker in workers {
            let outcome = worker.wait()
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(coordinator.wait().status == 0, "\(coordinator.output)")
        #expect(try self.table() == table)
        #expect(try fetched().reduce(0, +) == byteCount, "each byte came once, whichever group fetched it")
    }

    /// What the stages' logs say about what was fetched, in bytes.
    private func fetched() throws -> [Int] {
        try Directory.files(under: shop.path("store/logs")).flatMap { log in
            let text = try String(contentsOfFile: log, encoding: .utf8)
            return text.matches(of: /fetched (\d+) bytes from the coordinator/).compactMap { Int($0.1) }
        }
    }

    /// Of the model and the data.
    private var byteCount: Int {
        let files =
            ["config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"].map { "model/\($0)" }
            + ["data/tiny/train.tsv", "data/tiny/dev.tsv"]
        return files.reduce(0) { $0 + (Disk.byteCount(of: shop.path($1)) ?? 0) }
    }

    /// Gives the model weights that nobody uses: too many to come at once.
    private func enlargeModel() throws {
        let path = shop.path("model/model.safetensors")
        let file = try SafetensorsFile(path: path)
        let tensors = file.names.compactMap { name in
            file.tensor(named: name).map { TensorSource(name: name, shape: $0.shape, floats: $0.floats() ?? []) }
        }
        let more = TensorSource(name: "unused", shape: [64 << 20], floats: [Float](repeating: 0, count: 64 << 20))
        try SafetensorsWriter.write(tensors + [more], metadata: ["format": "pt"], to: path)
    }

    /// How much has come of the file that is under way.
    private func partialByteCount(home: String) -> Int {
        let partial = shop.path("\(home)/.cache/headstart/work/artifacts/partial")
        return Directory.names(in: partial).compactMap { Disk.byteCount(of: "\(partial)/\($0)") }.max() ?? 0
    }

    @Test(.timeLimit(.minutes(10)))
    func `a download goes on after its coordinator was killed, and the host's next group downloads nothing`() throws {
        try enlargeModel()
        let (first, port) = try startCoordinator()
        let worker = try startWorker(port, home: "home")
        #expect(eventually { partialByteCount(home: "home") > 16 << 20 || !worker.isRunning })
        first.kill()
        _ = first.wait()
        #expect(partialByteCount(home: "home") > 16 << 20, "the download was over before the coordinator was killed")
        let (second, _) = try startCoordinator(port: port)
        defer { second.kill() }
        #expect(worker.wait().status == 0 && second.wait().status == 0, "\(second.output)")
        #expect(try fetched().reduce(0, +) == byteCount, "each byte came once")

        let (third, nextPort) = try startCoordinator(seeds: "[3]")
        defer { third.kill() }
        let next = try startWorker(nextPort, home: "home").wait()
        #expect(next.status == 0 && third.wait().status == 0, "\(next.errors) \(third.output)")
        #expect(try fetched().reduce(0, +) == byteCount, "what was there came again")
    }

    @Test(.timeLimit(.minutes(10)))
    func `a directory with other bytes is named in one line and not used`() throws {
        try FileManager.default.copyItem(atPath: shop.model, toPath: shop.path("changed"))
        try shop.write("{\"do_lower_case\": false}\n", to: "changed/tokenizer_config.json")
        let (coordinator, port) = try startCoordinator()
        defer { coordinator.kill() }
        let outcome = try startWorker(port, home: "home", ["--model", shop.path("changed")]).wait()
        #expect(outcome.status == 0)
        let lines = outcome.errorLines.filter { $0.contains("\(shop.path("changed")): model") }
        #expect(lines.count == 1 && lines.allSatisfy { $0.contains("is not used") }, "\(outcome.errors)")
        #expect(coordinator.wait().status == 0, "\(coordinator.output)")
    }
}

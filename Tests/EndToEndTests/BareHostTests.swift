import Foundation
import Testing

/// Hosts that have the program, an address and nothing else.
struct BareHostTests {
    private let shop: Workshop

    init() throws {
        shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2]
            defaults: { max-steps: 8, batch: 8 }
            methods: { tuned: { tune: bitfit } }
            """, to: "sweep.yaml")
    }

    private func startCoordinator(port: String = "*") throws -> (coordinator: Running, port: String) {
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

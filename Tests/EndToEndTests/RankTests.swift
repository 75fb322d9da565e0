import Foundation
import Testing

/// Several ranks on one host.
@Suite(.serialized) struct RankTests {
    /// Of this machine: hardware threads of one core name the same siblings.
    static let cores = Set(
        (0..<ProcessInfo.processInfo.activeProcessorCount).map { thread in
            (try? String(
                contentsOfFile: "/sys/devices/system/cpu/cpu\(thread)/topology/thread_siblings_list", encoding: .utf8))
                ?? "0"
        }
    ).count

    /// The ranks whose command has this word, and the processors that each may use, as the system lists them.
    private func ranks(with word: String) -> [(process: pid_t, processors: String)] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.compactMap(pid_t.init).compactMap { process in
            guard let command = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8),
                let environment = try? String(contentsOfFile: "/proc/\(process)/environ", encoding: .utf8),
                let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
                command.contains(word), environment.contains("OMPI_COMM_WORLD_RANK=")
            else { return nil }
            return status.firstMatch(of: /Cpus_allowed_list:\s*(\S+)/).map { (process, String($0.1)) }
        }
    }

    @Test(.enabled(if: cores > 1, "there is but one core"), arguments: [1, 1 + RankTests.cores / 2])
    func `each rank keeps to cores of its own, unless it has more threads than these`(threads: Int) throws {
        let shop = try Workshop()
        let out = shop.path("run")
        let running = try shop.start([
            "train", "--model", shop.model, "--data", shop.data, "--task", "tiny", "--tune", "all", "--set",
            "max-steps=1000000", "--ranks", "2", "--threads", "\(threads)", "--json", "--out", out,
        ])
        #expect(running.wait { $0.contains("\"step\":") }, "\(running.output)")
        let ranks = ranks(with: out)
        // Without a rank mpirun ends; it inherits from this thread that it hears no SIGTERM.
        for rank in ranks { kill(rank.process, SIGKILL) }
        _ = running.wait()
        let places = ranks.map(\.processors)
        #expect(places.count == 2 && Set(places).count == (threads == 1 ? 2 : 1), "\(places)")
    }

    @Test func `plan counts with what sums cost, as it was measured or as it is assumed`() throws {
        let shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1]
            defaults: { max-steps: 2000, batch: 8 }
            methods: { tuned: { tune: all } }
            """, to: "sweep.yaml")
        let plan = { (ranks: String, more: [String]) in
            try shop.run(["plan", "sweep.yaml", "--data", "data", "--ranks", ranks, "--threads", "1"] + more).output
                .replacing("\n  ", with: " ")
        }
        #expect(try !plan("1", []).contains("sums over ranks"))
        let assumed = "sums over ranks are taken to have 1100 MB/s, 50 us a message, 50 % of it while ranks compute"
        #expect(try plan("2", []).contains(assumed))
        #expect(try plan("2", ["--no-measure"]).contains(assumed))
        let bench = try shop.run("bench", "--ranks", "2", "--seconds", "0.02")
        #expect(bench.status == 0 && bench.output.hasPrefix("2 ranks on 1 host: "), "\(bench)")
        let measured = try plan("2", [])
        #expect(measured.contains("as measured with 2 ranks on 1 host"), "\(measured)")
        let hosts = ["--hosts", "2", "--cores", "2", "--gigaflops", "10"]
        #expect(try plan("1", hosts).contains("on 2 hosts with 2 ranks each:"))
        #expect(try plan("1", ["--memory", "1MiB"]).contains("what needs more is refused: tiny tuned;"))
    }

    @Test(arguments: ["--tokens=5", "--length=5", "--precision=fp32", "--threads=1"])
    func `what says nothing about sums is refused beside --ranks`(option: String) throws {
        let outcome = try Program.run(["bench", "--ranks", "2", option])
        #expect(outcome.status == 2 && outcome.errors.contains("says nothing about the sums"), "\(outcome)")
    }

    @Test func `a stage that --memory cannot hold is refused at once, with what to do`() throws {
        let shop = try Workshop()
        let outcome = try shop.run(
            "train", "--model", shop.model, "--data", shop.data, "--task", "tiny", "--tune", "all", "--memory", "1MiB",
            "--out", "run")
        #expect(outcome.status == 2 && outcome.errors.contains("cut the texts (max-length)"), "\(outcome)")
    }
}

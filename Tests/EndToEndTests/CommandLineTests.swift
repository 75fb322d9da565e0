import Foundation
import Testing

struct CommandLineTests {
    @Test(arguments: [
        "doctor", "bench", "plan", "run", "coordinator", "worker", "node", "status", "results", "train", "encode",
        "tokenize", "predict", "evaluate", "retrain", "export", "keys", "data check", "data preview", "data fetch",
        "data demo",
        "model fetch", "model list",
        "workers", "explain", "pause", "resume", "cancel", "retry", "priority", "drain", "submit",
        "analyze", "events", "logs", "wait", "ledger check", "ledger backup", "store gc",
        "init", "sweeps", "diff", "lineage", "serve",
    ])
    func `every command's help shows an example`(_ command: String) throws {
        let outcome = try Program.run(command.split(separator: " ").map(String.init) + ["--help"])
        #expect(outcome.status == 0)
        let example = try #require(outcome.output.range(of: "EXAMPLE\n"))
        let line = outcome.output[example.upperBound...].drop { $0 == " " }.prefix { $0 != "\n" }
        #expect("\(line) ".hasPrefix("headstart \(command) "))
    }

    @Test(arguments: [
        ["nonsense"], ["train"], ["tokenize", "--model", "tiny/"], ["plan", "there/is/no.yaml", "--data", "/"],
        ["plan", "a.yaml", "--nonsense"], ["results", "--store", "/nonexistent"],
        ["results", "--store", "s", "--compare", "one"], ["results", "--store", "s", "--interval", "bootstrap"],
        ["results", "--store", "s", "--compare", "one", "two", "--interval", "narrow"],
        ["results", "--store", "s", "--published", "ehft/7"], ["results", "--store", "s", "--all", "--confusion"],
        ["diff", "a", "b", "--store", "/nonexistent"], ["lineage", "3f9a", "--store", "/nonexistent"],
        ["init", "/nonexistent.csv"], ["init", "/dev/null"], ["export", "--sweep", "a", "--to", "b"],
        ["export", "--sweep", "a", "--run", "b", "--store", "s", "--to", "c"], ["export", "--to", "b"],
        ["help", "resul"], ["traim"], ["data", "dmo"],
        ["status", "--store", "/dev/null"], ["serve", "--store", "/nonexistent"],
        ["run", "a.yaml", "--store", "s", "--serve-at", "127.0.0.1:80"],
        ["train", "--model", "m/", "--task", "t", "--data", "/", "--out", "o", "--tune", "all", "--method", "bitfit"],
        ["run", "a.yaml", "--store", "s", "--groups", "0"], ["worker", "--coordinator", "nonsense"],
        ["coordinator", "a.yaml", "--store", "s", "--listen", "udp://127.0.0.1:5"],
    ])
    func `a wrong request has status 2 and one line that names the program`(_ arguments: [String]) throws {
        let outcome = try Program.run(arguments, environment: ["HEADSTART_DATA": nil])
        #expect(outcome.status == 2, "\(outcome.errors)")
        #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.hasPrefix("headstart: "))
        #expect(outcome.output.isEmpty)
    }

    @Test(arguments: [
        ("traim", "there is no command 'traim'; did you mean 'train'?"),
        ("help resul", "there is no command 'resul'; did you mean 'results'?"),
        ("data dmo", "there is no command 'dmo'; did you mean 'demo'?"),
    ])
    func `an unknown command is told with the one that was meant`(line: String, sentence: String) throws {
        let outcome = try Program.run(line.split(separator: " ").map(String.init))
        #expect(outcome.errors == "headstart: \(sentence)\n")
    }

    @Test func `JSON and another format are not both given`() throws {
        let outcome = try Program.run(["results", "--store", "s", "--json", "--format", "csv"])
        #expect(outcome.status == 2 && outcome.errors.contains("give either --json or --format"), "\(outcome.errors)")
    }

    @Test func `doctor tells the core type and its speed, with and without our choice`() throws {
        struct Report: Decodable {
            struct Products: Decodable {
                let core: String
                let gigaflops: Double
            }
            let blas: Products
            let blasAsItComes: Products
        }
        let outcome = try Program.run(["doctor", "--json"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try outcome.lastJSON(Report.self)
        #expect(!report.blas.core.isEmpty && report.blas.gigaflops > 0)
        #expect(!report.blasAsItComes.core.isEmpty && report.blasAsItComes.gigaflops > 0)
    }

    @Test func `a core type that the site prescribes to all programs is overruled, ours is not`() throws {
        let prescribed = try Program.run(["doctor"], environment: ["OPENBLAS_CORETYPE": "Prescott"])
        #expect(prescribed.status == 0 && !prescribed.output.contains("core Prescott,"), "\(prescribed.errors)")
        let wanted = try Program.run(["doctor"], environment: ["HEADSTART_BLAS_CORE": "Prescott"])
        #expect(wanted.status == 0 && wanted.output.contains("core Prescott,"), "\(wanted.errors)")
    }

    @Test func `a reader that goes away is no error`() throws {
        let shop = try Workshop()
        let file = try shop.write(String(repeating: "the cat sings\n", count: 20_000), to: "texts.txt")
        let pipeline = Process()
        pipeline.executableURL = URL(fileURLWithPath: "/bin/bash")
        pipeline.arguments = [
            "-c", "set -o pipefail; '\(Program.path)' tokenize --model '\(shop.model)' --input '\(file)' | head -n 1",
        ]
        pipeline.standardOutput = FileHandle.nullDevice
        try pipeline.run()
        pipeline.waitUntilExit()
        #expect(pipeline.terminationStatus == 0)
    }

    @Test func `a full disk under standard output is one line and status 1`() throws {
        let outcome = try Program.run(["--version"], output: "/dev/full")
        #expect(outcome.status == 1)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("no space left"))
    }
}

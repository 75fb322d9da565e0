import Files
import Foundation
import TestKit
import Testing

/// Paths as people write them, in every command that takes one; and pipes in the place of files.
@Suite(.serialized) struct PathTests {
    private static let names = [
        "z", "./z", ".//z", "ä", "日本 é", "e\u{301}", "two words", "it's \"z\" & $z", String(repeating: "z", count: 200),
    ]

    private let shop: Workshop

    init() throws {
        shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1]
            defaults: { max-steps: 2, measure: [convergence] }
            methods: { probe: { tune: head } }
            """, to: "sweep.yaml")
        try shop.write("the cat sings\n", to: "texts")
    }

    /// Runs the program in a folder of its own within the workshop's.
    private func succeed(_ arguments: String..., in place: String) throws {
        try Directory.make(shop.path(place))
        let outcome = try Program.run(arguments, in: shop.path(place))
        #expect(outcome.status == 0, "\(arguments[0]): \(outcome.errors)")
    }

    @Test(.timeLimit(.minutes(5)), arguments: names + ["z/", "z//"])
    func `every command takes any folder`(name: String) throws {
        try succeed("data", "demo", "--out", name, in: "demo")
        try succeed("keys", "--cluster", name, "host", in: "keys")
        try succeed(
            "train", "--model", shop.model, "--data", shop.data, "--task", "tiny", "--tune", "head", "--set",
            "max-steps=2", "--out", name, in: "train")
        try succeed("predict", "--run", name, "--input", shop.path("texts"), "--out", "p", in: "train")
        try succeed("export", "--run", shop.path("train/\(name)"), "--to", name, in: "export")
        try succeed("tokenize", "--model", "./\(name)", "--input", shop.path("texts"), in: "export")
        try succeed("run", shop.path("sweep.yaml"), "--data", shop.data, "--store", name, in: "run")
        try succeed("export", "--sweep", "small", "--store", shop.path("run/\(name)"), "--to", name, in: "bundle")
        let rows = (0..<18).map { "cat \($0),\($0 % 2 == 0 ? "x" : "y")" }
        try shop.write((["text,label"] + rows).joined(separator: "\n"), to: "own.csv")
        try succeed("init", shop.path("own.csv"), "--model", shop.model, "--to", name, in: "init")
        for command in ["status", "results", "sweeps", "ledger check", "store gc", "wait"] {
            let outcome = try Program.run(
                command.split(separator: " ").map(String.init) + ["--store", name], in: shop.path("run"))
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
        }
        try succeed("analyze", "--store", shop.path("run/\(name)"), "--plots", name, in: "plots")
        try Directory.make(shop.path("data/\(name)"))
        try succeed("plan", shop.path("sweep.yaml"), "--data", "\(name)/..", in: "data")
    }

    @Test(.timeLimit(.minutes(5)), arguments: names) func `every command takes any file`(name: String) throws {
        for (place, file) in [("sweeps", "sweep.yaml"), ("tasks", "data/tasks.yaml"), ("input", "texts")] {
            try shop.write(try String(contentsOfFile: shop.path(file), encoding: .utf8), to: "\(place)/\(name)")
        }
        try succeed("plan", name, "--data", shop.data, in: "sweeps")
        try shop.write("like: '\(name.replacing("'", with: "''"))'\nsweep: other\n", to: "sweeps/other.yaml")
        try succeed("plan", "other.yaml", "--data", shop.data, in: "sweeps")
        try succeed("plan", shop.path("sweep.yaml"), "--data", shop.data, "--task-file", name, in: "tasks")
        try succeed("tokenize", "--model", shop.model, "--input", name, in: "input")
        try succeed("encode", "--model", shop.model, "--input", shop.path("texts"), "--out", name, in: "vectors")
        try succeed("run", shop.path("sweep.yaml"), "--data", shop.data, "--store", "s", in: "run")
        try succeed("ledger", "backup", "--store", shop.path("run/s"), "--to", name, in: "backup")
        try Directory.make(shop.path("keys"))
        try #require(chmod(shop.path("keys"), 0o700) == 0)
        try succeed("keys", "--out", name, in: "keys")
    }

    @Test(arguments: [
        ["plan", "", "--data", "data"], ["plan", "sweep.yaml", "--data", ""], ["run", "sweep.yaml", "--store", ""],
        ["data", "demo", "--out", ""], ["data", "demo", "--out="], ["keys", "--out", ""], ["results", "--store", ""],
        ["tokenize", "--model", "", "--input", "texts"], ["tokenize", "--model", "model/", "--input", ""],
        ["encode", "--model", "model/", "--input", "texts", "--out", ""], ["export", "--run", "", "--to", "x"],
        ["analyze", "--store", "store", "--plots", ""], [""],
    ]) func `an empty word is refused with the word before it`(arguments: [String]) throws {
        let outcome = try shop.run(arguments)
        #expect(outcome.status == 2 && outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("is a variable not set?"), "\(outcome.errors)")
    }

    // MARK: Pipes

    /// Runs a line of the shell in the workshop; `$headstart` is the program.
    private func bash(_ line: String) throws -> Program.Outcome {
        try Running(
            ["-c", "set -o pipefail; \(line)"], of: "/bin/bash", in: shop.folder,
            environment: ["headstart": Program.path]
        ).wait()
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: ["cat texts | X -", "X - < texts", "cat texts | X /dev/stdin", "X <(cat texts)"])
    func `texts come through any pipe`(line: String) throws {
        let command = #""$headstart" tokenize --model model/ --input"#
        let outcome = try bash(line.replacingOccurrences(of: "X", with: command))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains(#"["[CLS]","the","cat","sings","[SEP]"]"#))
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            "cat sweep.yaml | X - --data data", "X <(cat sweep.yaml) --data data",
            "X sweep.yaml --data data --task-file <(cat data/tasks.yaml)",
        ]) func `sweeps and tasks come through any pipe`(line: String) throws
    {
        let outcome = try bash(line.replacingOccurrences(of: "X", with: #""$headstart" plan"#))
        #expect(outcome.status == 0 && outcome.output.contains("tiny"), "\(outcome.errors)")
    }

    @Test(.timeLimit(.minutes(2))) func `predictions go from pipe to pipe`() throws {
        try succeed(
            "train", "--model", shop.model, "--data", shop.data, "--task", "tiny", "--tune", "head", "--set",
            "max-steps=2", "--out", "r", in: "train")
        let outcome = try bash(#"cat texts | "$headstart" predict --run train/r --input - --out - | grep -c label"#)
        #expect(outcome.status == 0 && outcome.output == "1\n", "\(outcome.errors)")
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: ["model/config.json", "model/vocab.txt", "model/model.safetensors", "data/tiny/dev.tsv"])
    func `a pipe among a model's or a task's files is named, and not waited for`(name: String) throws {
        try Disk.remove(shop.path(name))
        try #require(mkfifo(shop.path(name), 0o600) == 0)
        let outcome = try shop.run("plan", "sweep.yaml", "--data", "data")
        #expect(outcome.status == 2 && outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("\(name): cannot read: is a pipe"), "\(outcome.errors)")
    }
}

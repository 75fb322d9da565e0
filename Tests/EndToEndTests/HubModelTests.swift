import Foundation
import TestKit
import Testing

/// Which models can be had from a hub, by which names, and who finds them.
@Suite(.timeLimit(.minutes(5)))
struct HubModelTests {
    private func hub(_ models: String...) throws -> LocalHub { try LocalHub(try Workshop(), models: models) }

    @Test(
        arguments: [
            (
                "org/none", nil,
                "there is no model 'org/none' at HUB that you may see; check its name; where it is private, set HF_TOKEN"
            ),
            (
                "private-tiny", "hf_bad",
                "there is no model 'private-tiny' at HUB that you may see; check its name; where it is private, does the "
                    + "token in use belong to somebody who may read it, and is it still valid?"
            ),
            (
                "gated-tiny", nil,
                "gated-tiny is given only to those who accept its terms: do so at HUB/gated-tiny, and set HF_TOKEN to a token "
                    + "from HUB/settings/tokens"
            ),
            (
                "gated-tiny", "hf_bad",
                "gated-tiny is given only to those who accept its terms: do so at HUB/gated-tiny, as the user whose token is in use"
            ),
            (
                "../tiny", nil,
                "'../tiny' cannot be a model's name on the hub; those are like roberta-base or FacebookAI/roberta-base"
            ),
        ] as [(String, String?, String)])
    func `what one may not have is refused in a line`(_ id: String, _ token: String?, _ sentence: String) throws {
        let hub = try hub("private-tiny", "gated-tiny")
        let outcome = try hub.run("model", "fetch", id, environment: ["HF_TOKEN": token])
        #expect(outcome.status == 2)
        #expect(outcome.errors == "headstart: \(sentence.replacing("HUB", with: hub.endpoint))\n")
    }

    @Test func `a revision is fetched and kept under its name`() throws {
        let hub = try hub("org/tiny", "org/tiny@v1")
        try TinyModel.write(to: hub.shop.path("hub/models/org/tiny@v1"), changing: ["hidden_dropout_prob": "0.2"])
        let none = try hub.run("model", "fetch", "org/tiny", "--revision", "v9")
        #expect(none.errors == "headstart: org/tiny has no revision 'v9'; without --revision it is main\n")
        #expect(none.status == 2)
        let outcome = try hub.run("model", "fetch", "org/tiny", "--revision", "v1", "--json")
        #expect(outcome.status == 0, "\(outcome)")
        struct Summary: Decodable { let id, revision, commit, directory: String }
        let summary = try outcome.lastJSON(Summary.self)
        let settings = try String(contentsOfFile: "\(summary.directory)/config.json", encoding: .utf8)
        #expect(summary.revision == "v1" && settings.contains("0.2"))
        let ref = try String(contentsOfFile: "\(hub.cache)/models--org--tiny/refs/v1", encoding: .utf8)
        #expect(ref == summary.commit)
        // By its commit it is here already.
        #expect(try hub.run("model", "fetch", "org/tiny", "--revision", summary.commit).status == 0)
        #expect(try hub.requests().count { $0.path.hasPrefix("/cdn/") } == 1)
    }

    @Test func `a model may be a folder of a repository, have moved, or need a token`() throws {
        let hub = try hub("org/many/small", "tiny", "private-tiny")
        let folder = try hub.run("model", "fetch", "org/many", "--subfolder", "small")
        #expect(folder.status == 0 && folder.output.contains("/small\n"), "\(folder)")
        let parent = try hub.run("model", "fetch", "org/many")
        #expect(
            parent.errors
                == "headstart: org/many has no config.json; there is one in a folder of it: --subfolder small\n")
        #expect(try hub.run("model", "fetch", "old-tiny").status == 0)
        #expect(try hub.isWholeUnder("old-tiny", of: "tiny"))
        #expect(try hub.run("model", "fetch", "private-tiny", environment: ["HF_TOKEN": "hf_good"]).status == 0)
        let list = try hub.run("model", "list").output
        for name in ["org/many/small", "old-tiny", "private-tiny"] { #expect(list.contains(name)) }
    }

    @Test func `a repository with pickled weights alone is refused with what to do`() throws {
        let hub = try hub("org/tiny")
        let folder = hub.shop.path("hub/models/org/tiny")
        try FileManager.default.moveItem(
            atPath: "\(folder)/model.safetensors", toPath: "\(folder)/pytorch_model.bin")
        let outcome = try hub.run("model", "fetch", "org/tiny")
        #expect(outcome.status == 2 && outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("has no model.safetensors but pytorch_model.bin, which can hide a program"))
        #expect(outcome.errors.contains("save_pretrained('DIR'"))
    }

    @Test func `training on a model of the hub says what fetches it, or fetches it, and needs no network then`() throws
    {
        let hub = try hub("org/tiny")
        let train = [
            "train", "--model", "org/tiny", "--data", hub.shop.data, "--task", "tiny", "--tune", "head", "--set",
            "max-steps=2",
        ]
        let run = { (more: [String], environment: [String: String?]) in
            try hub.shop.run(
                train + ["--out", "run\(more.count)"] + more, environment: hub.environment.merging(environment) { $1 })
        }
        let refused = try run([], [:])
        #expect(refused.status == 2)
        #expect(
            refused.errors
                == "headstart: model 'org/tiny' is not on this machine; `headstart model fetch org/tiny` fetches it\n")
        let offline = try run(["--fetch"], ["HF_HUB_OFFLINE": "1"])
        #expect(offline.status == 2 && offline.errors.contains("HF_HUB_OFFLINE is set and keeps it from that"))
        #expect(try hub.requests().isEmpty)
        let fetched = try run(["--fetch"], [:])
        #expect(fetched.status == 0, "\(fetched)")
        hub.stop()
        let again = try run(["--set", "lr=1e-3"], ["HF_HUB_OFFLINE": "1"])
        #expect(again.status == 0, "\(again)")
        let listed = try hub.run("model", "fetch", "org/tiny", environment: ["HF_HUB_OFFLINE": "1"])
        #expect(try listed.status == 0 && listed.output.contains(hub.snapshot(of: "org/tiny")))
    }

    @Test func `a sweep's model may be an entry that names the hub`() throws {
        let hub = try hub("org/tiny")
        try hub.shop.write("own: { hub: [org/tiny, tiny] }\n", to: "models.yaml")
        try hub.shop.write(
            """
            sweep: small
            model: own
            tasks: [tiny]
            seeds: [1]
            defaults: { max-steps: 2 }
            methods: { probe: { tune: head } }
            """, to: "sweep.yaml")
        let plan = { try hub.run("plan", "sweep.yaml", "--data", hub.shop.data) }
        let refused = try plan()
        #expect(refused.status == 2)
        #expect(
            refused.errors
                == "headstart: model 'own' is not on this machine; `headstart model fetch org/tiny` fetches it\n")
        #expect(try hub.run("model", "fetch", "org/tiny").status == 0)
        #expect(try plan().status == 0)
    }

    @Test func `a sweep on a model by its name on the hub fetches it, and runs without the hub from then on`() throws {
        let hub = try hub("org/tiny")
        try hub.shop.write(
            """
            sweep: small
            model: org/tiny
            tasks: [tiny]
            seeds: [1, 2]
            defaults: { max-steps: 2 }
            methods: { probe: { tune: head } }
            """, to: "sweep.yaml")
        let run = { (more: String...) in
            try hub.shop.run(
                ["run", "sweep.yaml", "--data", hub.shop.data, "--store", "s"] + more, environment: hub.environment)
        }
        let refused = try run()
        #expect(
            refused.status == 2 && refused.errors.hasSuffix("`headstart model fetch org/tiny` fetches it\n"),
            "\(refused)")
        #expect(!FileManager.default.fileExists(atPath: hub.shop.path("s")), "nothing was begun")
        let fetched = try run("--fetch")
        #expect(fetched.status == 0, "\(fetched)")
        #expect(try hub.isWhole("org/tiny"))
        hub.stop()
        let again = try run()
        #expect(again.status == 0 && again.output.contains("small on org/tiny"), "\(again)")
    }

    @Test func `on a terminal one is asked, and sees how it goes on`() throws {
        let hub = try hub("org/tiny")
        let command = "\(Program.path) tokenize --model org/tiny --input texts"
        try hub.shop.write("the cat\n", to: "texts")
        let answered = { (answer: String) in
            try Running(
                [
                    "-c",
                    "{ sleep 1; echo \(answer); sleep 1; } | script --quiet --return --command '\(command)' /dev/null",
                ],
                of: "/bin/bash", in: hub.shop.folder, environment: hub.environment
            ).wait()
        }
        let refused = try answered("n")
        #expect(refused.status == 2)
        #expect(
            refused.output.contains("org/tiny is not on this machine. Fetch 0.1 MB from \(hub.endpoint)? [y/N]"),
            "\(refused.output)")
        #expect(refused.output.contains("`headstart model fetch org/tiny` does that"))
        let taken = try answered("y")
        #expect(taken.status == 0, "\(taken.output)")
        #expect(taken.output.contains("model.safetensors  0.1 MB of 0.1 MB"), "\(taken.output)")
        #expect(try hub.isWhole("org/tiny"))
    }
}

extension LocalHub {
    /// Whether a model here has the bytes of another one of the hub's.
    fileprivate func isWholeUnder(_ name: String, of other: String) throws -> Bool {
        try isSame("\(snapshot(of: name))/model.safetensors", shop.path("hub/models/\(other)/model.safetensors"))
    }
}

/// Both ways between us and the hub's own library, over one cache.
@Suite(.enabled(if: python != nil, "HEADSTART_PYTHON has no huggingface_hub; scripts/test --parity makes one"))
struct SharedCacheTests {
    private func snapshot(_ hub: LocalHub, _ arguments: String) throws -> Program.Outcome {
        try Running(
            ["-c", "from huggingface_hub import snapshot_download as s; print(s('org/tiny', \(arguments)))"],
            of: #require(python), environment: hub.environment
        ).wait()
    }

    @Test func `what we bring, the hub's own library finds`() throws {
        let hub = try LocalHub(try Workshop())
        #expect(try hub.run("model", "fetch", "org/tiny").status == 0)
        let found = try snapshot(hub, "local_files_only=True")
        #expect(found.status == 0, "\(found.errors)")
        #expect(found.lines.last.map(String.init) == (try hub.snapshot(of: "org/tiny")))
        // And sees no reason to fetch any of it.
        _ = try hub.requests()
        #expect(try snapshot(hub, "revision='main'").status == 0)
        #expect(try hub.requests().allSatisfy { $0.path.hasPrefix("/api/") || $0.method == "HEAD" })
    }

    @Test func `what the hub's own library brought, we find`() throws {
        let hub = try LocalHub(try Workshop())
        let brought = try snapshot(hub, "revision='main'")
        #expect(brought.status == 0, "\(brought.errors)")
        _ = try hub.requests()
        let outcome = try hub.run("model", "fetch", "org/tiny")
        #expect(try outcome.status == 0 && outcome.output.contains(hub.snapshot(of: "org/tiny")), "\(outcome)")
        #expect(try hub.requests().count == 1)
        try hub.shop.write("the cat\n", to: "texts")
        hub.stop()
        let used = try hub.run("tokenize", "--model", "org/tiny", "--input", "texts")
        #expect(used.status == 0, "\(used.errors)")
    }

    @Test(.timeLimit(.minutes(5)))
    func `both at once are no trouble`() throws {
        let hub = try LocalHub(try Workshop())
        try hub.fail(LocalHub.Fault(path: "/cdn/", fault: "slow", seconds: 0.3))
        let ours = try hub.start("model", "fetch", "org/tiny")
        let theirs = try snapshot(hub, "revision='main'")
        #expect(theirs.status == 0, "\(theirs.errors)")
        #expect(ours.wait().status == 0)
        #expect(try hub.isWhole("org/tiny"))
    }
}

private let python = ProcessInfo.processInfo.environment["HEADSTART_PYTHON"].flatMap {
    FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil
}

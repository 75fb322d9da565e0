import Configuration
import Foundation
import Testing

/// What people are told about a sweep file that is wrong. Line 4 of the fixture's sweep is `seeds`, 5 `defaults`,
/// 6 `methods`.
struct ComplaintTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test(arguments: [
        ("lerning-rate: 1", "unknown key 'lerning-rate' in 'defaults'; did you mean 'lr'?"),
        ("weight_decay: 1", "unknown key 'weight_decay' in 'defaults'; did you mean 'weight-decay'?"),
        ("batch_size: 8", "unknown key 'batch_size' in 'defaults'; did you mean 'batch'?"),
        ("lr: -1", "'lr' must be a number above 0, not '-1'"),
        ("lr: fast", "'lr' must be a number above 0, not 'fast'"),
        ("lr: nan", "'lr' must be a number above 0, not 'nan'"),
        ("lr: [1e-5, 2e-5]", "'lr' must be a number above 0, not '1e-5, 2e-5'"),
        ("lr:", "'lr' has no value; it must be a number above 0"),
        ("warmup: 1.5", "'warmup' must be a number from 0 to 1, not '1.5'"),
        ("batch: 0", "'batch' must be a whole number from 1 to 1000000, not '0'"),
        ("batch: 2000000", "'batch' must be a whole number from 1 to 1000000, not '2000000'"),
        ("batch: 2.5", "'batch' must be a whole number from 1 to 1000000, not '2.5'"),
        ("epochs: 0", "'epochs' must be a number above 0 and at most 1000000, not '0'"),
        ("max-steps: 0", "'max-steps' must be a whole number from 1 to 1000000000, not '0'"),
        ("dropout: 1", "'dropout' must be a number from 0 to below 1, or model, not '1'"),
        ("betas: [0.9]", "'betas' must be two numbers from 0 to below 1, as [0.9, 0.999], not '0.9'"),
        ("betas: [0.9, 1]", "'betas' must be two numbers from 0 to below 1, as [0.9, 0.999], not '0.9, 1'"),
        ("epsilon: 0", "'epsilon' must be a number above 0, not '0'"),
        ("clip: 0", "'clip' must be a number above 0, or none, not '0'"),
        ("max-length: 2", "'max-length' must be a whole number from 3 to 1000000, not '2'"),
        ("validation: 1", "'validation' must be a number between 0 and 1, or none, not '1'"),
        (
            "measure: [cost, convergense]",
            "nothing called 'convergense' can be measured, only feature-change, feature-change-in-stage, features, "
                + "weight-distance, weight-distance-in-stage, gradient-norms, convergence, held-out, head-features, "
                + "head-features-at-start, generalization-gap, predictions or cost; did you mean 'convergence'?"
        ),
        ("shuffle: yes", "'shuffle' must be true, once or false, not 'yes'"),
        ("decay: linaer", "'decay' must be linear or constant, not 'linaer'; did you mean 'linear'?"),
        ("select: bset", "'select' must be last, best or latest-best, not 'bset'; did you mean 'best'?"),
        ("patience: 0", "'patience' must be a whole number from 1 to 1000000, or none, not '0'"),
        ("early-stopping: 3", "unknown key 'early-stopping' in 'defaults'; did you mean 'patience'?"),
        ("layer-decay: 0", "'layer-decay' must be a number above 0 and at most 1, not '0'"),
        ("label-smoothing: 1", "'label-smoothing' must be a number from 0 to below 1, not '1'"),
        (
            "class-weights: [1, 0]",
            "'class-weights' must be none, balanced, or a number above 0 for each class, as [1, 2.5], not '1, 0'"
        ),
        (
            "class-weights: balancd",
            "'class-weights' must be none, balanced, or a number above 0 for each class, as [1, 2.5], not 'balancd'; did "
                + "you mean 'balanced'?"
        ),
        ("head: linera", "'head' must be linear, mlp(WIDTH), hf or pooled, not 'linera'; did you mean 'linear'?"),
        ("head: mlp(0)", "'width' of 'mlp' must be a whole number from 1 to 65536, not '0'"),
        ("precision: int8", "'precision' must be fp32, bf16 or auto, not 'int8'"),
        ("child: f(1e-300)", "'p' of 'f' must be a number from 1e-6 to 1, not '1e-300'"),
        ("tune: all", "'tune' says what a stage is and cannot stand in 'defaults'; give it in the stage"),
        ("share: 0.5", "'share' says what a stage is and cannot stand in 'defaults'; give it in the stage"),
    ])
    func `a wrong default is told with its line`(setting: String, sentence: String) {
        #expect(fixture.complaint(sweep(defaults: "{ \(setting) }")) == "sweep.yaml:5: \(sentence)")
    }

    @Test(arguments: [
        ("{ b: { tune: bitfti } }", "'tune' must be \(tunes), not 'bitfti'; did you mean 'bitfit'?"),
        ("{ b: { tune: all, lerning-rate: 1 } }", "unknown key 'lerning-rate' in method 'b'; did you mean 'lr'?"),
        ("[bitfti]", "unknown method 'bitfti'; did you mean 'bitfit'?"),
        ("[zzz]", "unknown method 'zzz'; known: finetune, bitfit, eh-ft-bitfit"),
        ("[bitfit, bitfit]", "'methods' lists 'bitfit' twice"),
        ("[]", "'methods' is empty"),
        (
            "{ finetun: { epochs: 3 } }",
            "method 'finetun' does not say what to tune, and no known method has its name; did you mean 'finetune'?"
        ),
        ("{ b: [] }", "method 'b' has no stages"),
        ("{ b: [{ lr: 1e-3 }] }", "stage 1 of method 'b' does not say what to tune: \(tunes)"),
        ("{ b: [all] }", "stage 1 of method 'b' must be a mapping of keys to values"),
        (
            "{ b: { tune: all, from: { head: previous } } }",
            "the first stage of method 'b' has no previous stage to start from"
        ),
        (
            "{ bitfit: { from: { head: previous } } }",
            "the first stage of method 'bitfit' has no previous stage to start from"
        ),
        (
            "{ b: [{ tune: head, share: 0.5 }, { tune: all, share: 0.6 }] }",
            "the shares of method 'b' add up to 1.1, more than the whole; give each stage its 'share'"
        ),
        (
            "{ b: [{ tune: head, share: 0.1 }, { tune: all }] }",
            "the shares of method 'b' add up to 1.1, more than the whole; give each stage its 'share'"
        ),
        ("{ b: { tune: all, share: 0 } }", "'share' must be a number above 0 and at most 1, not '0'"),
        (
            "{ b: [{ tune: all, share: 0.1 }, { tune: all, share: 0.9, from: { delta: previous } }] }",
            """
            stage 2 of method 'b' starts from the delta of stage 1 of method 'b', which leaves none behind (it tunes \
            'all')
            """
        ),
        (
            "{ b: [{ tune: all, share: 0.1 }, { tune: all, share: 0.9, from: { head: first } }] }",
            "stage 2 of method 'b' takes its head from 'first', but no stage has that 'name'"
        ),
        (
            "{ b: [{ tune: head, share: 0.1, head: mlp(8) }, { tune: all, share: 0.9, from: { head: previous } }] }",
            "stage 2 of method 'b' starts from a head of design mlp(8) but has the design linear; give both one 'head'"
        ),
        (
            "{ b: { tune: all, batch: 4, accumulation: 8 } }",
            "method 'b': 'accumulation' is 8, more than the 4 examples of a batch"
        ),
        (
            "{ eh-ft-bitfit: { share: 0.5 } }",
            "'share' says what a stage is and cannot stand in method 'eh-ft-bitfit'; give it in the stage"
        ),
        (
            "{ a/b: { tune: all } }",
            "'a/b' cannot be a method's name; names are made of letters, digits, '-', '_', '.' and '+'"
        ),
    ])
    func `a wrong method is told with its line`(methods: String, sentence: String) {
        #expect(fixture.complaint(sweep(methods: methods)) == "sweep.yaml:6: \(sentence)")
    }

    @Test(arguments: [
        ("[]", "'seeds' is empty"),
        ("[1, 2, 1]", "'seeds' lists 1 twice"),
        ("[1..3, 2]", "'seeds' lists 2 twice"),
        ("4..1", "the range of seeds '4..1' is empty"),
        ("0..99999", "the range of seeds '0..99999' has more than 10000"),
        ("[-1]", "a seed must be a whole number from 0, or a range as 1..4, not '-1'"),
        ("1.5", "a seed must be a whole number from 0, or a range as 1..4, not '1.5'"),
        ("1...4", "a seed must be a whole number from 0, or a range as 1..4, not '1...4'"),
    ])
    func `wrong seeds are told with their line`(seeds: String, sentence: String) {
        #expect(fixture.complaint(sweep(seeds: seeds)) == "sweep.yaml:4: \(sentence)")
    }

    @Test(arguments: [
        ("[cb, rtee]", "unknown task 'rtee'; did you mean 'rte'?"),
        ("[cb, cb]", "'tasks' lists 'cb' twice"),
        ("[]", "'tasks' is empty"),
        ("{}", "'tasks' is empty"),
        ("{ cb: { epoch: 3 } }", "unknown key 'epoch' in task 'cb'; did you mean 'epochs'?"),
        ("{ cb: 3 }", "task 'cb' must be a mapping of keys to values"),
    ])
    func `wrong tasks are told with their line`(tasks: String, sentence: String) {
        #expect(fixture.complaint(sweep(tasks: tasks)) == "sweep.yaml:3: \(sentence)")
    }

    @Test(arguments: [
        ("lr: 1e-5", "sweep.yaml:7: unknown key 'lr' in the sweep; settings stand under 'defaults'"),
        ("sweeep: x", "sweep.yaml:7: unknown key 'sweeep' in the sweep; did you mean 'sweep'?"),
        ("likee: base.yaml", "sweep.yaml:7: unknown key 'likee' in the sweep; did you mean 'like'?"),
        ("keep: everything", "sweep.yaml:7: 'keep' must be best, all or none, not 'everything'"),
        ("model: tiny", "sweep.yaml:2: 'model' is given twice in one mapping"),
        ("a: [", "sweep.yaml:8: is not YAML here: did not find expected node content"),
        ("a: *b", "sweep.yaml:7: is not YAML here: found undefined alias"),
        ("a: {b: {c: 1, c: 2}}", "sweep.yaml:7: 'c' is given twice in one mapping"),
    ])
    func `a wrong line at the top is told`(line: String, complaint: String) {
        #expect(fixture.complaint(sweep(more: line)) == complaint)
    }

    @Test func `a key that is doubled in a block mapping is told`() {
        let text = sweep(methods: "\n  a:\n    tune: all\n    lr: 1\n    lr: 2")
        #expect(fixture.complaint(text) == "sweep.yaml:9: 'lr' is given twice in one mapping")
    }

    @Test func `all problems of a file are told at once`() {
        let text = sweep(tasks: "[rtee]", seeds: "[]", defaults: "{ lr: 0, batch: 0 }", methods: "[bitfti]")
        #expect(
            fixture.complaint(text) == """
                sweep.yaml:3: unknown task 'rtee'; did you mean 'rte'?
                sweep.yaml:4: 'seeds' is empty
                sweep.yaml:5: 'lr' must be a number above 0, not '0'
                sweep.yaml:5: 'batch' must be a whole number from 1 to 1000000, not '0'
                sweep.yaml:6: unknown method 'bitfti'; did you mean 'bitfit'?
                """)
    }

    @Test func `what is missing is told`() {
        #expect(
            fixture.complaint("sweep: small\nmodel: tiny") == """
                sweep.yaml:1: the sweep has no 'tasks'
                sweep.yaml:1: the sweep has no 'seeds'
                sweep.yaml:1: the sweep has no 'methods'
                """)
        #expect(fixture.complaint("") == "sweep.yaml:1: is empty")
        #expect(fixture.complaint("- a") == "sweep.yaml:1: the sweep must be a mapping of keys to values")
    }

    @Test func `a model that is unknown or not there is told with what to run`() {
        let unknown = sweep().replacing("model: tiny", with: "model: tinny")
        #expect(
            fixture.complaint(unknown)
                == "sweep.yaml:2: unknown model 'tinny'; did you mean 'tiny'? (a directory has a '/' in it, and "
                + "`headstart model fetch tinny` asks the hub for it)")
        let absent = sweep().replacing("model: tiny", with: "model: absent")
        #expect(fixture.complaint(absent) == "sweep.yaml:2: model 'absent' is not in absent; run scripts/fetch-absent")
        let directory = sweep().replacing("model: tiny", with: "model: /no/where")
        #expect(fixture.complaint(directory) == "sweep.yaml:2: model '/no/where': there is no such directory")
    }

    @Test(arguments: [
        ("epochs", "--set epochs: write it as key=value, as in --set epochs=2"),
        ("epochs=", "--set epochs=: write it as key=value, as in --set epochs=2"),
        ("epochs=no", "--set epochs=no: 'epochs' must be a number above 0 and at most 1000000, not 'no'"),
        ("epoch=2", "--set epoch=2: unknown setting 'epoch'; did you mean 'epochs'?"),
        ("tune=all", "--set tune=all: 'tune' says what a stage is and cannot stand in --set; give it in the stage"),
        ("tasks=rtee", "--set tasks=rtee: unknown task 'rtee'; did you mean 'rte'?"),
        ("seeds=1,1", "--set seeds=1,1: 'seeds' lists 1 twice"),
        ("methods=probe", "--set methods=probe: unknown method 'probe'; known: finetune, bitfit, eh-ft-bitfit"),
    ])
    func `a wrong override is told`(override: String, complaint: String) {
        #expect(fixture.complaint(sweep(), set: [override]) == complaint)
    }

    @Test func `an override given twice is told`() {
        #expect(
            fixture.complaint(sweep(), set: ["epochs=2", "epochs=3"]) == "--set epochs=3: 'epochs' is set twice")
    }

    @Test func `aliases that multiply end in a sentence`() {
        let levels = (1...9).map { level in
            "  a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]"
        }
        let bomb = (["more:", "  a0: &a0 [x]"] + levels).joined(separator: "\n")
        #expect(fixture.complaint(sweep(more: bomb)).hasSuffix("the file holds too many values"))
    }

    /// Yams would hash such a key with all that the aliases stand for, nine times as much at each level.
    @Test(.timeLimit(.minutes(5))) func `aliases that multiply in a key end in a sentence`() {
        let levels = (1...9).map { level in
            "  a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]"
        }
        for key in ["? *a9", "? [*a9]", "*a9 ", "{*a9: 1} "] {
            let bomb = (["more:", "  a0: &a0 [x]"] + levels + ["  \(key): 1"]).joined(separator: "\n")
            let told = fixture.complaint(sweep(more: bomb))
            #expect(told.contains("a key must be a word") || told.contains("too many values"), "\(told)")
        }
    }

    @Test func `a star that begins no plain word is a star`() throws {
        let text = sweep(methods: "{ \"*a\": { tune: all }, b: { tune: *b } }")
        #expect(fixture.complaint(text) == "sweep.yaml:6: is not YAML here: found undefined alias")
        #expect(
            fixture.complaint(sweep(methods: "{ '*a': { tune: all } }"))
                == "sweep.yaml:6: '*a' cannot be a method's name; names are made of letters, digits, '-', '_', '.' and '+'"
        )
        let twice = sweep(methods: "{ b: &b { tune: all }, c: *b, 'd*': *b }")
        #expect(fixture.complaint(twice).hasPrefix("sweep.yaml:6: 'd*' cannot be a method's name"))
    }

    @Test(arguments: [
        (
            sweep(seeds: "[\((0..<20).map { "\($0 * 1000)..\($0 * 1000 + 999)" }.joined(separator: ", "))]"),
            "sweep.yaml:4: 'seeds' lists more than 10000 seeds"
        ),
        (
            sweep(methods: "{ b: [\(Array(repeating: "{ tune: all }", count: 101).joined(separator: ", "))] }"),
            "sweep.yaml:6: method 'b' has 101 stages; 100 are the most"
        ),
        (
            sweep(methods: "{ \((0...1000).map { "m\($0): { tune: all }" }.joined(separator: ", ")) }"),
            "sweep.yaml:6: 'methods' has 1001 entries; 1000 are the most"
        ),
        (
            sweep(seeds: "0..9999", methods: "{ \((0...9).map { "m\($0): { tune: all }" }.joined(separator: ", ")) }"),
            "the sweep asks for 200000 stages, and 100000 are the most; divide its tasks, methods or seeds among "
                + "several sweeps, which share a store"
        ),
    ]) func `a sweep that is larger than any ends in a sentence`(text: String, sentence: String) {
        #expect(fixture.complaint(text) == sentence)
    }

    /// Each problem is compared with those before it; tens of thousands would take minutes.
    @Test func `a file that is wrong throughout is told a hundred things`() {
        let names = (0..<1000).map { "wrong-name-\($0)" }.joined(separator: ", ")
        let keys = (0..<1000).map { "wrong-\($0): 1" }.joined(separator: ", ")
        for (text, first) in [
            (sweep(tasks: "[\(names)]"), "sweep.yaml:3: unknown task 'wrong-name-0'"),
            (sweep(defaults: "{ \(keys) }"), "sweep.yaml:5: unknown key 'wrong-0'"),
        ] {
            let told = fixture.complaint(text).split(separator: "\n")
            #expect(told.first?.hasPrefix(first) == true && told.count == 100, "\(told.count)")
        }
    }

    @Test func `deep nesting ends in a sentence`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(fixture.complaint(sweep(more: "a: \(deep)")).hasPrefix("sweep.yaml:7: is not YAML here: "))
    }

    @Test func `a file that is missing or not text is told`() throws {
        let catalogs = try fixture.catalogs()
        let missing = fixture.told {
            _ = try SweepFile.read(fixture.directory + "/none.yaml", catalogs: catalogs)
        }
        #expect(missing == "none.yaml: cannot read: no such file or directory")
        try Data([0x73, 0xFF, 0xFE]).write(to: URL(fileURLWithPath: fixture.directory + "/bytes.yaml"))
        let bytes = fixture.told { _ = try SweepFile.read(fixture.directory + "/bytes.yaml", catalogs: catalogs) }
        #expect(bytes == "bytes.yaml: is not text in UTF-8")
    }
}

private let tunes = """
    all, head, bitfit, bitfit(KINDS), bitfit(KINDS, norms=input), layernorm, top(K), top(K, norms=input), lora(R), \
    prefix(N), adapter(D), adapter(D, norms=true), random(P), fisher(P), combined(P), mask or prune(P)
    """

import Configuration
import Experiments
import Foundation
import TestKit
import Testing

/// Sweep files and task files as slips of the hand, broken disks and ill-meaning strangers leave them.
struct FuzzTests {
    private static let sweeps = [
        sweep(),
        sweep(tasks: "{ cb: { epochs: 3 }, rte: }", seeds: "[1, 3..5, 9]", more: "keep: model"),
        sweep(methods: "{ a: &a { tune: all, lr: 1e-4 }, b: { like: bitfit, tune: lora(8) }, c: *a }"),
        sweep(
            defaults: "{ epochs: 2, betas: [0.9, 0.99], child: f(0.3), measure: [cost], head: \"mlp(8)\" }",
            more: "search: { lr: 1e-5..1e-3, batch: [8, 16], grow: 2 }"),
        sweep(
            methods: """

                  x:
                    - { name: one, tune: head, share: 0.1 }
                    - { tune: all, share: 0.9, from: { head: one } }
                  y: { like: x, then: [{ tune: bitfit, from: { backbone: previous } }] }
                """),
    ].map { Array($0.utf8) }

    private static let tasks = [
        Fixture.tasks,
        """
        copa: { kind: choices, train: a, dev: b, format: copa, labels: ["1", "2"], metrics: accuracy }
        own: { kind: choices, train: a, dev: b, format: tsv, text: q, choices: [x, y, z], label: l,
               labels: &three [x, y, z], metrics: [accuracy, macro-f1] }
        ner: { kind: tags, train: a, dev: b, format: conll, text: 1, label: 4, labels: *three, metrics: accuracy }
        text: { kind: masked-lm, train: a, dev: b, format: lines, unknown: <unk>, metrics: precision-at-1 }
        odd: { train: a, dev: b, validation: c, train-rows: 1..400, format: csv, text: "4", label: 2, metrics: pearson }
        """,
    ].map { Array($0.utf8) }

    /// U+FDD0, which no literal may hold.
    private static let noCharacter = String(decoding: [0xEF, 0xB7, 0x90], as: UTF8.self)

    /// What a mutation may put anywhere.
    private static let strange = [
        "&a [*a, *a, *a, *a]", "? *a", "? [x]: 1", "[[[[[[[[[[[[", "{{{{{{{{{{{{", "0..9999", "!!binary x",
        "\"\\u0000\"",
        "%YAML 9\n---\n", "\n...\n---\n", ": : :", "\t- ", "|+9\n", "like: sweep.yaml\n", "*entities", "\u{85}\u{2028}",
        "lr: 1e999", "fisher(", "f(1e-300)", "~", "<<: *a", "# \u{FEFF}", noCharacter + "a",
    ].map { Array($0.utf8) }

    @Test(arguments: 0..<UInt64(4))
    func `a mutated sweep file is planned, or told what is wrong with it`(seed: UInt64) throws {
        let fixture = try Fixture()
        let catalogs = try fixture.catalogs()
        let path = fixture.directory + "/sweep.yaml"
        let watchdog = Watchdog()
        var mutator = Mutator(seed: seed)
        var (planned, refused) = (0, 0)
        for number in 0..<fuzzCount(6000, per: 1000) / 4 {
            let whole = Self.sweeps[number % Self.sweeps.count]
            try Data(mutator.mutated(whole, among: Self.sweeps + Self.strange)).write(to: URL(fileURLWithPath: path))
            try watchdog.watch("sweep file \(number) of seed \(seed)") {
                do {
                    let request = try SweepFile.read(path, catalogs: catalogs)
                    // Thousands of seeds are right, and take their time.
                    if request.seeds.count < 20 { _ = try fixture.plan(request) }
                    planned += 1
                } catch is ConfigurationError {
                    refused += 1
                }
            }
        }
        #expect(planned > 0 && refused > 0)
    }

    @Test(arguments: 0..<UInt64(2))
    func `a mutated task file has tasks, or what is wrong with them`(seed: UInt64) throws {
        let fixture = try Fixture()
        let path = fixture.directory + "/mine.yaml"
        let watchdog = Watchdog()
        var mutator = Mutator(seed: seed)
        var (read, refused) = (0, 0)
        for number in 0..<fuzzCount(4000, per: 1000) / 2 {
            let whole = Self.tasks[number % Self.tasks.count]
            try Data(mutator.mutated(whole, among: Self.tasks + Self.strange)).write(to: URL(fileURLWithPath: path))
            watchdog.watch("task file \(number) of seed \(seed)") {
                do throws(ConfigurationError) {
                    var catalog = TaskCatalog()
                    try catalog.add(file: path)
                    for name in catalog.names { _ = try catalog.definition(named: name) }
                    read += 1
                } catch {
                    refused += 1
                }
            }
        }
        #expect(read > 0 && refused > 0)
    }
}

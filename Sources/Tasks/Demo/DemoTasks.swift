package import Experiments
package import Files
import Foundation
import Numerics

/// Two small tasks from a grammar of their own, for machines without datasets. A few labels are wrong on purpose, so that
/// no model gets everything right.
package enum DemoTasks {
    package static let definitions = [
        TaskDefinition(
            name: "demo-single", train: "demo-single/train.tsv", dev: "demo-single/dev.tsv", format: .tsv,
            text: .name("sentence"), label: .name("label"), labels: ["negative", "positive"], metrics: [.accuracy]),
        TaskDefinition(
            name: "demo-pair", train: "demo-pair/train.tsv", dev: "demo-pair/dev.tsv", format: .tsv,
            text: .name("premise"), pair: .name("hypothesis"), label: .name("label"), labels: ["no", "yes"],
            metrics: [.accuracy, .f1]),
    ]

    private static let trainCount = 1000
    private static let devCount = 300

    /// Writes the tasks' files and a `tasks.yaml` that describes them; equal bytes on every machine.
    package static func write(to directory: String) throws(FileError) {
        let yaml = "# The tasks of `headstart data demo`.\n" + definitions.map(\.yaml).joined()
        let files =
            files(DemoReviews(), header: "sentence\tlabel", as: definitions[0])
            + files(DemoFacts(), header: "premise\thypothesis\tlabel", as: definitions[1]) + [("tasks.yaml", yaml)]
        // What others wrote is not replaced, and before that nothing is written.
        for (name, text) in files {
            let path = "\(directory)/\(name)"
            let present = FileManager.default.contents(atPath: path)
            guard present == nil || present == Data(text.utf8) else { throw FileError(.write, path, code: EEXIST) }
        }
        try Directory.make("\(directory)/demo-single")
        try Directory.make("\(directory)/demo-pair")
        for (name, text) in files { try AtomicFile.write(Data(text.utf8), to: "\(directory)/\(name)") }
    }

    private static func files(
        _ grammar: some DemoGrammar, header: String, as definition: TaskDefinition
    ) -> [(name: String, text: String)] {
        let rows = distinctRows(of: grammar, definition, count: trainCount + devCount)
        return [("train", rows[..<trainCount]), ("dev", rows[trainCount...])].map { name, part in
            ("\(definition.name)/\(name).tsv", ([header] + part).joined(separator: "\n") + "\n")
        }
    }

    /// Rows with different texts, so that no dev row is known from training.
    private static func distinctRows(
        of grammar: some DemoGrammar, _ definition: TaskDefinition, count: Int
    ) -> [String] {
        var rows: [String] = []
        var texts: Set<String> = []
        var number = 0
        while rows.count < count {
            var draws = Draws(example: number, of: definition.name == "demo-single" ? 0 : 1)
            number += 1
            let isTrue = draws.below(2) == 1
            let text = grammar.text(isTrue, &draws)
            guard texts.insert(text).inserted else { continue }
            let isMislabelled = draws.below(20) == 0
            rows.append("\(text)\t\(definition.labels?[isTrue != isMislabelled ? 1 : 0] ?? "")")
        }
        return rows
    }
}

/// Makes rows; equal draws give equal rows.
protocol DemoGrammar {
    /// The text fields of a row with the label 1 or 0, tabs between them.
    func text(_ isTrue: Bool, _ draws: inout Draws) -> String
}

extension TaskDefinition {
    /// The definition as an entry of `configs/tasks.yaml`.
    fileprivate var yaml: String {
        let fields = [
            "train: \(train)", dev.map { "dev: \($0)" }, "format: \(format.rawValue)", "text: \(text)",
            pair.map { "pair: \($0)" }, label.map { "label: \($0)" },
            labels.map { "labels: [\($0.map { "\"\($0)\"" }.joined(separator: ", "))]" },
            "metrics: [\(metrics.map(\.rawValue).joined(separator: ", "))]",
        ]
        return "\n\(name):\n" + fields.compactMap { $0.map { "  \($0)\n" } }.joined()
    }
}

/// One random choice after the other, for one example of a demo task.
struct Draws {
    private let random: CounterRandom
    private var position = 0

    init(example: Int, of task: Int) {
        random = CounterRandom(seed: 0, purpose: RandomPurpose.demoTexts, step: task, example: example)
    }

    /// An integer from 0 up to, but not including `bound`.
    mutating func below(_ bound: Int) -> Int {
        defer { position += 1 }
        return random.below(bound, position)
    }

    mutating func one<Element>(of choices: [Element]) -> Element { choices[below(choices.count)] }

    /// Two different elements.
    mutating func two<Element>(of choices: [Element]) -> (Element, Element) {
        let first = below(choices.count)
        let second = (first + 1 + below(choices.count - 1)) % choices.count
        return (choices[first], choices[second])
    }
}

package import Experiments
import Foundation

extension TaskDefinition {
    /// The task's entry in a file of tasks, key by key in their usual order: reading it gives the same task, or that of
    /// which it is a fold.
    package var written: [(key: String, value: String)] {
        files + form + columns + answers
    }

    /// The entry as a file has it.
    /// - Parameter remarks: what to say of keys, in a comment above each.
    package func entry(remarks: [String: String] = [:]) -> String {
        let lines = written.flatMap { key, value in
            (remarks[key].map { ["  \(YAMLText.comment($0))"] } ?? []) + ["  \(key): \(value)"]
        }
        return (["\(YAMLText.quoted(tableName)):"] + lines).joined(separator: "\n")
    }

    private typealias Keys = [(key: String, value: String)]

    private var files: Keys {
        let share = devShare.map { "\(Configuration.written(($0 * 1e11).rounded() / 1e9))%" }
        return pairs([
            ("kind", kind?.rawValue), ("train", Self.text(train)), ("dev", dev.map(Self.text) ?? share),
            ("folds", (folds ?? fold?.count).map { "\($0)" }), ("dev-seed", devSeed.map { "\($0)" }),
            ("validation", validation.map(Self.text)), ("test", test.map(Self.text)),
            ("train-rows", trainRows.map { "\($0.lowerBound)..\($0.upperBound)" }),
            ("dev-rows", devRows.map { "\($0.lowerBound)..\($0.upperBound)" }),
        ])
    }

    private var form: Keys {
        pairs([
            ("format", format.rawValue), ("header", header ? nil : "false"),
            ("encoding", encoding == .utf8 ? nil : encoding.rawValue), ("empty", skipsEmpty == true ? "skip" : nil),
            ("extra", ignoresExtra == true ? "ignore" : nil), ("columns", columnNames.map(YAMLText.list)),
            ("comment", comment.map(YAMLText.quoted)),
        ])
    }

    /// Those that the form of the files does not settle.
    private var columns: Keys {
        let all: [(String, [Column]?)] = [
            ("text", [text]), ("pair", pair.map { [$0] }), ("choices", choices), ("targets", targets),
            ("label", label.map { [$0] }),
        ]
        return all.compactMap { key, columns in
            guard let columns, TaskColumns.fixed[format]?[key] != columns else { return nil }
            let texts = columns.map(Self.text)
            let isList = ["choices", "targets"].contains(key)
            return (key, isList ? "[\(texts.joined(separator: ", "))]" : texts.joined())
        }
    }

    private var answers: Keys {
        pairs([
            ("compare", compares.map { "\($0)" }), ("labels", labels.map(YAMLText.list)),
            ("label-numbers", numbersLabels.map { "\($0)" }),
            ("unknown", unknown.map(YAMLText.quoted)), ("metrics", YAMLText.list(metrics.map(\.rawValue))),
        ])
    }

    private func pairs(_ all: [(String, String?)]) -> Keys {
        all.compactMap { key, value in value.map { (key, $0) } }
    }

    private static func text(_ files: DataFiles) -> String {
        files.paths.count == 1 ? YAMLText.quoted(files.paths[0]) : YAMLText.list(files.paths)
    }

    private static func text(_ column: Column) -> String {
        switch column {
        case .number(let number): "\(number)"
        case .name(let name): YAMLText.quoted(name)
        }
    }
}

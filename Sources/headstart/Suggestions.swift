import ArgumentParser
import Configuration
import Experiments
import Files
import Foundation
import Ledger

/// What a shell offers for a word that is a name: looked up when the key is pressed, in the catalogs and in the store that
/// the line names.
extension CompletionKind {
    static let yaml = CompletionKind.file(extensions: ["yaml", "yml"])

    /// Those of the store's sweep where the line names a store.
    static var methods: CompletionKind {
        offering { line in try line.plan()?.methods ?? Catalogs.read().methods.names }
    }

    /// Those of the store's sweep where the line names a store.
    static var tasks: CompletionKind {
        offering { line in try line.plan()?.rows.map(\.task).distinct() ?? line.catalogs().tasks.names }
    }

    static var archivedTasks: CompletionKind {
        offering { line in try Catalogs.archivedTasks(taskFiles: line.values(of: "--task-file")).names }
    }

    static var models: CompletionKind { offering { _ in try Catalogs.read().models.names } }

    /// The keys of `--set`, each up to its value.
    static var settings: CompletionKind { offering { _ in Settings.overridable.map { "\($0.key)=" } } }

    static var sweeps: CompletionKind {
        offering { line in try line.ledger()?.headings().references.map(\.description).reversed() ?? [] }
    }

    /// Keys of stages as they are shown, those of the sweep that was asked for last first.
    static var stages: CompletionKind {
        offering { line in
            try line.ledger()?.sweeps().reversed().flatMap { $0.plan.stages.map(\.key.short) }.distinct() ?? []
        }
    }

    private static func offering(_ names: @escaping @Sendable (TypedLine) throws -> [String]) -> CompletionKind {
        .custom { words, _, _ in
            // Whoever presses a key can do nothing with an error.
            do { return try names(TypedLine(words: words)) } catch { return [] }
        }
    }
}

/// A command line that is being written.
private struct TypedLine {
    /// As they stand there, in quotation marks perhaps.
    let words: [String]

    func values(of option: String) -> [String] {
        words.indices.dropLast().filter { words[$0] == option }.map { place in
            words[place + 1].trimmingCharacters(in: CharacterSet(charactersIn: "'\""))
        }
    }

    /// nil where the line names no store.
    func ledger() throws -> LedgerReader? { try values(of: "--store").last.map { try LedgerReader(store: $0) } }

    /// The sweep that the line names, or the store's last.
    func plan() throws -> SweepPlan? { try ledger()?.plan(named: values(of: "--sweep").last) }

    func catalogs() throws -> Catalogs {
        let data = values(of: "--data").last ?? ProcessInfo.processInfo.environment["HEADSTART_DATA"]
        return try Catalogs.read(taskFiles: values(of: "--task-file"), dataDirectory: data)
    }
}

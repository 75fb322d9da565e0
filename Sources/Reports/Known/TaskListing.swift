package import Experiments

/// The tasks that are known by name: what `headstart tasks` shows.
package struct TaskListing: Encodable, Sendable {
    private let tasks: [Entry]

    package struct Entry: Sendable {
        let name: String
        /// nil where the task's entry is wrong.
        let definition: TaskDefinition?
        /// How many examples its files have; nil where they are not here.
        let sizes: (train: Int, dev: Int)?
        /// What is wrong with its entry or its files.
        let problem: String?

        package init(
            _ name: String, _ definition: TaskDefinition?, sizes: (train: Int, dev: Int)? = nil, problem: String? = nil
        ) {
            self.name = name
            self.definition = definition
            self.sizes = sizes
            self.problem = problem
        }
    }

    package init(_ tasks: [Entry]) { self.tasks = tasks }

    package func text(width: Int = .max) -> String {
        guard !tasks.isEmpty else { return "No task is known here; tasks.yaml in the data folder adds some." }
        var table = Columns([
            ("task", .left), ("kind", .left), ("classes", .right), ("metrics", .left), ("train", .right),
            ("dev", .right),
        ])
        for task in tasks {
            table.add([
                task.name, task.kind ?? "–", task.definition?.labels.map { "\($0.count)" } ?? "–",
                task.definition?.metrics.map(\.rawValue).joined(separator: ", ") ?? "–",
                task.sizes.map { "\($0.train)" } ?? "–", task.sizes.map { "\($0.dev)" } ?? "–",
            ])
        }
        let problems = tasks.compactMap { task in task.problem.map { "\(task.name): \($0)" } }
        let notes = problems.isEmpty ? [] : [""] + folded(problems, width: width)
        return (table.lines(width: width) + notes).joined(separator: "\n")
    }
}

extension TaskListing.Entry: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "name": name, "kind": kind, "labels": definition?.labels, "metrics": definition?.metrics,
            "folds": definition?.folds, "train": sizes?.train, "dev": sizes?.dev, "problem": problem,
        ])
    }

    /// In the words of task files, but for tasks without a kind of their own.
    fileprivate var kind: String? {
        guard let definition else { return nil }
        if let kind = definition.kind { return kind.rawValue }
        let pair = definition.pair == nil ? "" : " of pairs"
        return (definition.labels == nil ? "regression" : "classification") + pair
    }
}

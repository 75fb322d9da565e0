/// A cell of a sweep's table: one method on one task, with every seed.
package struct Cell: Hashable, Sendable {
    package let task: String
    package let method: String

    package init(task: String, method: String) {
        self.task = task
        self.method = method
    }
}

extension SweepRow {
    package var cell: Cell { Cell(task: task, method: method) }

    /// The part of it whose seeds were scored on the same examples: one fold where the task has folds.
    package var foldCell: Cell { Cell(task: trainedTask, method: method) }
}

extension SweepSearch {
    package var cell: Cell { Cell(task: task, method: method) }
}

extension SweepPlan {
    /// The methods of the table, in its order.
    package var methods: [String] { rows.map(\.method).distinct() }
}

extension Sequence where Element: Hashable {
    /// The elements, each once, in the order in which they first come.
    package func distinct() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

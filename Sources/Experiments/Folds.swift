/// One of the parts into which cross-validation deals the rows of a training file: scores are reported on it, and the others
/// are trained on.
package struct Fold: Codable, Hashable, Sendable {
    /// From 1.
    package let number: Int
    package let count: Int

    package init(_ number: Int, of count: Int) {
        self.number = number
        self.count = count
    }

    fileprivate func name(of task: String) -> String { "\(task)/\(number)" }
}

extension TaskDefinition {
    /// The tasks that are trained on: its folds, each with a content, stages and keys of its own, or the task itself.
    package var trained: [TaskDefinition] {
        guard let folds else { return [self] }
        return (1...folds).map { number in
            let fold = Fold(number, of: folds)
            var task = self
            (task.name, task.folds, task.fold) = (fold.name(of: name), nil, fold)
            return task
        }
    }

    /// As the table has it, where the folds of a task are one.
    package var tableName: String { fold.map { String(name.dropLast($0.name(of: "").count)) } ?? name }
}

/// One training of a cell of the table.
package struct Repetition: Hashable, Comparable, Sendable {
    /// nil where the task has no folds.
    package let fold: Fold?
    package let seed: UInt64

    package init(fold: Fold? = nil, seed: UInt64) {
        self.fold = fold
        self.seed = seed
    }

    package static func < (left: Repetition, right: Repetition) -> Bool {
        (left.fold?.number ?? 0, left.seed) < (right.fold?.number ?? 0, right.seed)
    }
}

extension SweepRow {
    package var repetition: Repetition { Repetition(fold: fold, seed: seed) }

    /// The task that its stages are of, unless they name another one.
    package var trainedTask: String { fold?.name(of: task) ?? task }
}

extension SweepPlan {
    /// A task of the table as it is trained on: its folds, or itself.
    package func trained(_ task: String) -> [PlannedTask] { tasks.filter { $0.definition.tableName == task } }

    /// The tasks of the table, in its order.
    package var tableTasks: [String] {
        let names = Set(rows.map(\.task))
        return tasks.map(\.definition.tableName).distinct().filter(names.contains)
    }
}

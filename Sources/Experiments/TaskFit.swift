extension HeadDesign {
    /// Why it cannot stand on what the task hands to the head, as a sentence; nil where it can.
    package func objection(to task: TaskDefinition) -> String? {
        guard self == .hf || self == .pooled, let kind = task.kind, kind != .choices else { return nil }
        // Running text has the head of its pretraining, and no pooler.
        guard self == .pooled || kind != .maskedLM else { return nil }
        return "head '\(self)' is made for whole texts and does not fit task '\(task.name)' of kind \(kind.rawValue);"
            + " use linear or mlp(WIDTH)"
    }
}

extension Estimate {
    /// Why it cannot be made of the task, as a sentence; nil where it can.
    package func objection(to task: TaskDefinition) -> String? {
        guard label == .expected, task.isRegression || task.kind == .tags || task.kind == .maskedLM else { return nil }
        return
            "'label=expected' asks what each class of an example would give, but task '\(task.name)' has no single class"
            + " for an example; use label=gold"
    }
}

extension Recipe {
    /// The recipe in the one form that it has for a task: where examples have but one label, their statistics' loss is
    /// both the sum and the mean over labels.
    package func settled(on task: TaskDefinition) -> Recipe {
        var recipe = self
        if task.kind != .tags, task.kind != .maskedLM { recipe.estimate?.tokens = .mean }
        return recipe
    }
}

extension TextBlocks {
    /// Why the task's examples cannot be cut so, as a sentence; nil where they can.
    package func objection(to task: TaskDefinition) -> String? {
        guard self != TextBlocks(), task.kind != .maskedLM else { return nil }
        return "'blocks' says how running text is cut, and task '\(task.name)' has none; give it in the stage that has"
    }
}

extension ClassWeights {
    /// Why they do not fit the task's classes, as a sentence; nil where they do.
    package func objection(to task: TaskDefinition) -> String? {
        guard self != .none else { return nil }
        guard let labels = task.labels else {
            return "'class-weights' weighs classes, and task '\(task.name)' has no 'labels'; leave it out for this task"
        }
        guard case .given(let weights) = self, weights.count != labels.count else { return nil }
        return "'class-weights' has \(weights.count) weights, but task '\(task.name)' has \(labels.count) 'labels'"
    }
}

extension Recipe {
    /// Why smoothed labels do not fit the task, as a sentence; nil where they do.
    package func smoothingObjection(to task: TaskDefinition) -> String? {
        guard labelSmoothing > 0, task.isRegression else { return nil }
        return
            "'label-smoothing' spreads a label over classes, and task '\(task.name)' has none; leave it out for this task"
    }
}

extension TaskDefinition {
    /// Why a model that was trained on another task says nothing of this one, as a sentence; nil where it does.
    package func objection(toModelOf trained: TaskDefinition) -> String? {
        guard kind == trained.kind, isRegression == trained.isRegression else {
            return "task '\(name)' is \(form), but the model was trained on '\(trained.name)', which is \(trained.form)"
        }
        guard labels == trained.labels else {
            return
                "task '\(name)' has the labels \(spelledLabels), but the model was trained on '\(trained.name)' with "
                + "\(trained.spelledLabels); they must be the same, in one order"
        }
        guard compares == trained.compares else {
            return "'compare' of task '\(name)' is not that of '\(trained.name)', on which the model was "
                + "trained; make them the same in the task file"
        }
        return nil
    }

    private var form: String { isRegression ? "a regression" : "of kind \(kind?.rawValue ?? "classification")" }

    private var spelledLabels: String { (labels ?? []).joined(separator: ", ") }
}

import Experiments

/// All settings of one stage, as they stand after every place that may give them was heard.
struct StageSettings: Hashable, Sendable {
    /// Everything of the recipe but its budget, which the next three make up.
    var recipe = Recipe()
    var epochs: Double = 3
    var maxSteps: Int?
    var share: Double = 1
    /// The kinds of artifacts that the stage takes from the one before it.
    var inputs: Set<ArtifactKind> = []

    /// The recipe with its share of the budget.
    var finished: Recipe {
        var recipe = recipe
        if let maxSteps {
            recipe.budget = .steps(max(1, Int((Double(maxSteps) * share).rounded())))
        } else {
            // Rounded, so that a tenth of 30 epochs is the same budget, and so the same stage, as 3 epochs.
            recipe.budget = .epochs((epochs * share * 1e9).rounded() / 1e9)
        }
        return recipe
    }

    /// What no single setting shows to be impossible.
    var contradiction: String? {
        if recipe.accumulation > recipe.batch {
            return "'accumulation' is \(recipe.accumulation), more than the \(recipe.batch) examples of a batch"
        }
        return nil
    }
}

extension Recipe {
    /// Optimizer steps in a pass over so many training examples; the last batch may be smaller.
    package func stepsPerEpoch(examples: Int) -> Int { (examples + batch - 1) / batch }

    /// Optimizer steps of the whole stage, at least one.
    package func steps(examples: Int) -> Int {
        if let estimate { return estimate.unit == .example ? examples : stepsPerEpoch(examples: examples) }
        return switch budget {
        case .epochs(let epochs): max(1, Int((epochs * Double(stepsPerEpoch(examples: examples))).rounded()))
        case .steps(let steps): steps
        }
    }
}

extension Recipe {
    /// How many of the training set's examples are held out to select on; never all.
    package static func heldOut(_ share: Double?, of count: Int) -> Int {
        guard let share else { return 0 }
        return max(0, min(count - 1, max(1, Int((share * Double(count)).rounded()))))
    }

    /// How many of the training examples are used.
    package func used(of count: Int) -> Int { samples.map { min($0, count) } ?? count }

    /// Optimizer steps on a task with so many training examples, those held out included.
    package func steps(on task: PlannedTask) -> Int {
        let count = task.trainCount(for: self)
        let base = validationBase == .samples ? used(of: count) : count
        return steps(examples: used(of: base - Self.heldOut(validation, of: base)))
    }
}

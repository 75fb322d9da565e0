/// Which stages a person means: those that meet every condition given, all without any.
package struct StageSelector: Codable, Hashable, Sendable {
    package var sweep: String?
    package var task: String?
    package var method: String?
    package var seed: UInt64?
    package var state: StageState?
    /// The first digits of their keys.
    package var key: String?

    package static let all = StageSelector()

    package init(
        sweep: String? = nil, task: String? = nil, method: String? = nil, seed: UInt64? = nil,
        state: StageState? = nil, key: String? = nil
    ) {
        self.sweep = sweep
        self.task = task
        self.method = method
        self.seed = seed
        self.state = state
        self.key = key
    }

    /// Whether the stage stands so and its key begins so. What it serves as is `SweepPlan.stages(servingAs:)`.
    package func admits(_ stage: StageKey, _ state: StageState) -> Bool {
        guard self.state == nil || self.state == state else { return false }
        return key.map { stage.rawValue.hex.hasPrefix($0.lowercased()) } ?? true
    }

    fileprivate func admits(_ task: String, _ method: String, _ seed: UInt64) -> Bool {
        self.task ?? task == task && self.method ?? method == method && self.seed ?? seed == seed
    }
}

extension SweepPlan {
    /// The stages of which one role meets every condition on sweep, task, method and seed. A stage's roles are what it is by
    /// its own name, task and seed, and what the rows are that it serves; a shared stage has several.
    package func stages(servingAs selector: StageSelector) -> Set<StageKey> {
        guard selector.sweep ?? name == name else { return [] }
        var chosen: Set<StageKey> = []
        for stage in stages where selector.admits(stage.task, stage.method, stage.specification.seed) {
            chosen.insert(stage.key)
        }
        for row in rows where selector.admits(row.task, row.method, row.seed) { chosen.formUnion(row.stages) }
        return chosen
    }
}

extension PlannedStage {
    /// Its label without the number of the stage.
    fileprivate var method: String {
        guard let slash = label.lastIndex(of: "/") else { return label }
        return String(label[..<slash])
    }
}

import Configuration
import Experiments

/// One thing that two stages, or two sweeps, do not have in common.
package struct Difference: Hashable, Sendable {
    /// What it is a thing of, as "finetune", "eh-ft/2 on cb" or "task cb"; empty for the whole.
    package let place: String
    /// A setting by its name in sweep files, or another thing, as "model" or "seed".
    package let what: String
    /// nil where the first of the two has none.
    package let old: String?
    package let new: String?

    package init(_ place: String, _ what: String, _ old: String?, _ new: String?) {
        self.place = place
        self.what = what
        self.old = old
        self.new = new
    }
}

extension Difference: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode(["place": place, "what": what, "old": old, "new": new])
    }
}

/// Things by name, each once.
typealias Facts = [(name: String, value: String)]

extension [Difference] {
    /// The names whose values differ, those of the first in its order, then those that only the second has.
    init(_ place: String, _ old: Facts, _ new: Facts) {
        let names = (old + new).map(\.name).distinct()
        self = names.compactMap { name in
            let values = [old, new].map { facts in facts.first { $0.name == name }?.value }
            return values[0] == values[1] ? nil : Difference(place, name, values[0], values[1])
        }
    }
}

extension StageSpecification {
    /// How the stage trains: its settings by name, and the version of what training computes.
    func facts() throws -> Facts {
        let settings = Settings.written(recipe).map { (name: $0.key, value: $0.value) }
        let files = given.map { (name: "given \($0.kind.rawValue)", value: "\($0.id)") }
        return settings + files + [("version of training", "\(semantics)")]
    }
}

extension PlannedTask {
    /// What the task is, as a file of tasks has it, and the digest of that and of all bytes of its data.
    var facts: Facts {
        definition.written.map { (name: $0.key, value: $0.value) } + [("digest of task and data", content.hex)]
    }

    /// In what two tasks differ; in nothing where only names and paths do.
    func differences(to other: PlannedTask, _ place: String) -> [Difference] {
        content == other.content ? [] : [Difference](place, facts, other.facts)
    }
}

extension ModelLocation {
    /// In what two models differ; in nothing where only names and paths do.
    func differences(to other: ModelLocation) -> [Difference] {
        guard content != other.content else { return [] }
        return [Difference]("", facts, other.facts)
    }

    private var facts: Facts { [("model", name), ("digest of the model", content.hex)] }
}

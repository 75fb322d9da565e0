import Configuration
import Experiments
import Reports

/// What a stage's recipe has that most of its sweep has not. What most stages have comes from the sweep's defaults.
struct RecipeDifferences {
    private let own: [WrittenSetting]
    private let common: [String: String]
    private let extras: [(key: String, value: String)]

    init(_ view: SweepView, _ stage: PlannedStage) {
        own = Settings.written(stage.specification.recipe)
        common = Self.common(view.plan.stages)
        extras =
            (stage.measures.isEmpty ? [] : [("measure", stage.measures.map(\.rawValue).joined(separator: ", "))])
            + (stage.recomputes ? [("gradient-checkpointing", "true")] : [])
    }

    /// Of each setting the value that most stages have.
    private static func common(_ stages: [PlannedStage]) -> [String: String] {
        var counts: [Recipe: Int] = [:]
        for stage in stages { counts[stage.specification.recipe, default: 0] += 1 }
        var votes: [String: [String: Int]] = [:]
        for (recipe, count) in counts {
            for setting in Settings.written(recipe) {
                votes[setting.key, default: [:]][setting.value, default: 0] += count
            }
        }
        return votes.compactMapValues { values in values.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }
    }

    var html: HTML {
        let differing = own.filter { common[$0.key] != $0.value }
        let rows =
            differing.map { setting in
                """
                <tr><th scope="row">\(setting.key)</th><td class="short">\(setting.value)</td><td class="soft short">\(common[setting.key] ?? "–")</td></tr>

                """ as HTML
            }
            + extras.map {
                "<tr><th scope=\"row\">\($0.key)</th><td class=\"short\">\($0.value)</td><td></td></tr>\n" as HTML
            }
        let shown: HTML =
            rows.isEmpty
            ? "<p>Every setting is what most of the sweep's stages have.</p>"
            : table(
                caption: "Where it differs from most of the sweep's stages", head(["setting", "here", "most stages"]),
                rows)
        let all = own.map { setting in
            "<tr><th scope=\"row\">\(setting.key)</th><td class=\"short\">\(setting.value)</td><td class=\"soft\">\(setting.isDefault ? "as always" : "")</td></tr>\n"
                as HTML
        }
        return """
            \(shown)
            <details><summary>All \(own.count) settings</summary>
            \(table(caption: "As a sweep file would write them", head(["setting", "value", ""]), all))</details>
            """
    }
}

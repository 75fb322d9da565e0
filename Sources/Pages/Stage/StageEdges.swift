import Experiments
import Reports

/// The stages around one, drawn: those that it starts from on its left, those that start from it on its right, and what
/// travels between them.
struct StageEdges {
    private let view: SweepView
    private let own: PlannedStage
    /// From those farthest back to those that come after.
    private let columns: [[PlannedStage]]
    private let hidden: Int

    private static let node = (width: 190.0, height: 42.0)
    private static let gap = (x: 96.0, y: 12.0)
    private static let mostFollowers = 8

    init(_ view: SweepView, _ stage: PlannedStage) {
        self.view = view
        own = stage
        var before: [[PlannedStage]] = []
        var seen: Set = [stage.key]
        var level = [stage]
        while !level.isEmpty {
            level = level.flatMap(\.specification.inputs).map(\.from).filter { seen.insert($0).inserted }.compactMap {
                view.planned($0)
            }
            if !level.isEmpty { before.insert(level, at: 0) }
        }
        let followers = view.plan.stages.filter { $0.specification.inputs.contains { $0.from == stage.key } }
        let after = Array(followers.prefix(Self.mostFollowers))
        hidden = followers.count - after.count
        columns = before + [[stage]] + (after.isEmpty ? [] : [after])
    }

    var html: HTML {
        guard columns.count > 1 else {
            let given = own.specification.given.map {
                "the \($0.kind.rawValue) \($0.id.rawValue.short), given as a file"
            }
            let source = given.isEmpty ? "" : " and \(given.joined(separator: ", "))"
            return
                "<p>It starts from the pretrained \(view.plan.model.name)\(source), and no other stage starts from it.</p>"
        }
        let rows = columns.map(\.count).max() ?? 1
        let width = Double(columns.count) * (Self.node.width + Self.gap.x) - Self.gap.x
        let height = Double(rows) * (Self.node.height + Self.gap.y)
        let more =
            hidden > 0 ? "<p class=\"soft\">And \(counted(hidden, "more stage")) that start from it.</p>" as HTML : ""
        return """
            <div class="box" tabindex="0" role="region" aria-label="stages around this one"><svg width="\(width + 4)" height="\(height)" \
            viewBox="-2 0 \(width + 4) \(height)" aria-label="\(sentence)">\(edges(height))\(nodes(height))</svg></div>
            \(more)
            """
    }

    private var sentence: String {
        let sources = own.specification.inputs.map { input in
            "its \(input.kind.rawValue) is from \(view.planned(input.from)?.label ?? input.from.short)"
        }
        let after = columns.last?.first?.key == own.key ? 0 : (columns.last?.count ?? 0) + hidden
        let followers = after == 1 ? "1 stage starts from it" : "\(after) stages start from it"
        return (sources + [followers]).joined(separator: "; ")
    }

    private func corner(_ column: Int, _ row: Int, _ height: Double) -> (x: Double, y: Double) {
        let step = Self.node.height + Self.gap.y
        let used = Double(columns[column].count) * step
        return (Double(column) * (Self.node.width + Self.gap.x), (height - used + Self.gap.y) / 2 + Double(row) * step)
    }

    private func nodes(_ height: Double) -> HTML {
        let nodes = columns.enumerated().flatMap { column, stages in
            stages.enumerated().map { row, stage -> HTML in
                let (x, y) = corner(column, row, height)
                let standing = view.standing(stage.key)
                let score = view.figure(of: stage).map { " · \($0)" } ?? ""
                let name = stage.label.count > 25 ? "\(stage.label.prefix(24))…" : stage.label
                let box: HTML = """
                    <g class="node\(stage.key == own.key ? " own" : "")"><rect x="\(x)" y="\(y)" width="\(Self.node.width)" \
                    height="\(Self.node.height)" rx="4"/><rect class="bar \(standing.letter)" x="\(x)" y="\(y)" width="4" \
                    height="\(Self.node.height)"/><text class="strong" x="\(x + 12)" y="\(y + 17)">\(name)</text>\
                    <text x="\(x + 12)" y="\(y + 33)">\(standing.rawValue)\(score) · seed \(stage.specification.seed)</text></g>
                    """
                return stage.key == own.key ? box : "<a href=\"\(view.links.stage(stage.key))\">\(box)</a>\n"
            }
        }
        return "\(nodes)"
    }

    private func edges(_ height: Double) -> HTML {
        var places: [StageKey: (column: Int, row: Int)] = [:]
        for (column, stages) in columns.enumerated() {
            for (row, stage) in stages.enumerated() { places[stage.key] = (column, row) }
        }
        let edges = columns.enumerated().flatMap { column, stages in
            stages.enumerated().flatMap { row, stage in
                stage.specification.inputs.compactMap { input -> HTML? in
                    guard let source = places[input.from] else { return nil }
                    let from = corner(source.column, source.row, height)
                    let to = corner(column, row, height)
                    return edge(
                        from: (from.x + Self.node.width, from.y + Self.node.height / 2),
                        to: (to.x, to.y + Self.node.height / 2),
                        input.kind.rawValue)
                }
            }
        }
        return "\(edges)"
    }

    private func edge(from: (x: Double, y: Double), to: (x: Double, y: Double), _ kind: String) -> HTML {
        let middle = (from.x + to.x) / 2
        return """
            <path class="edge" d="M\(from.x) \(from.y) C\(middle) \(from.y) \(middle) \(to.y) \(to.x - 6) \(to.y)"/>\
            <path class="tip" d="M\(to.x) \(to.y) l-7 -4 v8 z"/>\
            <text class="mid" x="\(middle)" y="\((from.y + to.y) / 2 - 5)">\(kind)</text>

            """
    }
}

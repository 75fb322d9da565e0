import Experiments
import Reports
import Statistics

/// Two or more methods of a sweep, held against each other seed by seed.
struct ComparePage {
    private let view: SweepView
    /// Those asked for, in the order of the table.
    private let methods: [String]
    private let unknown: [String]
    /// Those of them that have a score.
    private let scored: [String]
    private let outcome: Outcome

    private enum Outcome {
        case pair(MethodComparison)
        case several(PairwiseComparison)
        /// Why there is nothing to compare.
        case nothing(String)
    }

    private static let mostMethods = 8

    /// - Parameter names: separated by commas; nil for the first two that have scores.
    init(_ view: SweepView, names: String?) {
        let asked = names.map { Set($0.split(separator: ",").map(String.init)) }
        self.init(view) { scored in asked ?? Set(scored.prefix(2)) }
    }

    /// Every method of a sweep that has a score, as far as they fit.
    static func all(_ view: SweepView) -> ComparePage {
        ComparePage(view) { scored in Set(scored.prefix(mostMethods)) }
    }

    /// - Parameter choose: of the methods that have scores, in the order of the table.
    private init(_ view: SweepView, choosing choose: ([String]) -> Set<String>) {
        let all = view.plan.methods
        let table = ResultTable(view.snapshot)
        let haveScores = Set(zip(table.methods, table.cells).filter { $1.contains { !$0.scores.isEmpty } }.map(\.0))
        let asked = choose(all.filter(haveScores.contains))
        self.view = view
        methods = Array(all.filter(asked.contains).prefix(Self.mostMethods))
        unknown = asked.subtracting(all).sorted()
        scored = methods.filter(haveScores.contains)
        outcome = Self.outcome(scored, view.snapshot)
    }

    private static func outcome(_ methods: [String], _ snapshot: SweepSnapshot) -> Outcome {
        do throws(ComparisonError) {
            switch methods.count {
            case 0, 1: return .nothing("It takes two methods that have scores; choose them above.")
            case 2: return .pair(try MethodComparison(snapshot, methods[0], methods[1]))
            default: return .several(try PairwiseComparison(snapshot, methods))
            }
        } catch {
            return .nothing(error.description)
        }
    }

    var main: HTML {
        """
        <h1>Compare methods</h1>
        \(chips)
        \(content)
        """
    }

    /// What the comparison says, without the choice of methods.
    var content: HTML {
        """
        \(verdict)
        \(leftOut)
        \(PairedDots(view, scored).html)
        \(evidence)
        """
    }

    /// A link for each method, which takes it in or leaves it out.
    private var chips: HTML {
        let items = view.plan.methods.map { method -> HTML in
            let isShown = methods.contains(method)
            guard isShown || methods.count < Self.mostMethods else {
                return "<li title=\"as many as fit are chosen; leave one out first\">\(method)</li>"
            }
            let others = view.plan.methods.filter { $0 == method ? !isShown : methods.contains($0) }
            let link = view.links.page("/compare", ["methods": others.joined(separator: ",")])
            return "<li><a href=\"\(link)\"\(isShown ? " aria-current=\"true\"" as HTML : "")>\(method)</a></li>"
        }
        return "<ul class=\"chips\" aria-label=\"Methods; a link takes one in or leaves it out\">\(items)</ul>"
    }

    private var verdict: HTML {
        switch outcome {
        case .nothing(let reason): return "<p class=\"lead\">\(reason)</p>"
        case .several(let comparison): return "<p class=\"lead\">\(comparison.verdict)</p>"
        case .pair(let comparison):
            let evidence = comparison.overall
            let points = signedPercent(evidence.mean)
            let interval =
                evidence.interval.map {
                    "95 % interval \(signedPercent($0.lowerBound)) … \(signedPercent($0.upperBound))"
                } ?? "too few pairs for an interval"
            return """
                <p class="lead">\(comparison.verdict)</p>
                <p>Over \(counted(evidence.differences.all.count, "pair")), \(comparison.first) less \(comparison.second) is \
                <b>\(points)</b> percentage points on average (\(interval); p = \(pValueText(evidence.test.pValue))).</p>
                """
        }
    }

    private var leftOut: HTML {
        let scoreless = methods.filter { !scored.contains($0) }
        let sentences = [
            scoreless.isEmpty ? nil : "No score yet, and so left out: \(scoreless.joined(separator: ", ")).",
            unknown.isEmpty ? nil : "The sweep has no method \(unknown.joined(separator: ", ")).",
        ].compactMap(\.self)
        return sentences.isEmpty ? "" : "<p class=\"warn\">\(sentences.joined(separator: " "))</p>"
    }

    private var evidence: HTML {
        switch outcome {
        case .nothing: return ""
        case .pair(let comparison):
            let tasks = comparison.tasks.map { ("\($0.task) \($0.metric.rawValue)", $0.evidence) }
            let rows = tasks.count > 1 ? tasks + [("all", comparison.overall)] : tasks
            return evidence(rows, comparison.sheet, verdict: comparison.verdict)
        case .several(let comparison):
            let rows = comparison.comparisons.map { ("\($0.first) less \($0.second)", $0.overall) }
            return evidence(rows, comparison.sheet, verdict: comparison.verdict)
        }
    }

    private func evidence(_ rows: [(String, Evidence)], _ sheet: Sheet, verdict: String) -> HTML {
        var sheet = sheet
        sheet.notes.removeAll { $0 == verdict }
        return """
            <h2>Differences</h2>
            \(DifferencePlot(rows).html)
            \(sheet.html)
            """
    }
}

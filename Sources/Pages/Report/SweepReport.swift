import Configuration
import Experiments
package import Foundation
import Ledger
import Reports

/// A sweep as one document to hand on: nothing in it is fetched from anywhere, and every number of its table leads to the
/// digests of what went into it.
package struct SweepReport: Sendable {
    /// By the files' names: the sweep as it was run, spelled out, and its tasks. Planned on the same model and data they give
    /// the same stages, key by key.
    package let files: [(name: String, text: String)]
    private let view: SweepView

    /// - Parameters:
    ///   - store: the folder of the ledger.
    ///   - name: of the sweep; the one asked for last without it.
    ///   - isAnonymous: whether to leave out hosts, users and paths.
    /// - Returns: nil where the store has no such sweep.
    package init?(store: URL, sweep name: String? = nil, isAnonymous: Bool = false) throws {
        let known = try StoreReader(store: store.path).read()
        let content = isAnonymous ? Veil(known).content(known) : known
        let references = content.sweeps.references
        let found = name.map { references.firstIndex(of: SweepReference($0)) } ?? content.sweeps.indices.last
        guard let found else { return nil }
        view = SweepView(
            content, references[found], content.sweeps[found], .document, nil, isWorkedOn: StoreUse.isInUse(store.path),
            trouble: nil, at: .now)
        let plan = view.plan
        let sweeps = SpelledOutSweep(plan).files.map { file in
            (name: "reproduce\(file.name.dropFirst("sweep".count))", text: file.text)
        }
        let names = sweeps.map(\.name).joined(separator: " and ")
        let words = """
            # headstart plan \(sweeps.count == 1 ? names : "FILE") --task-file tasks.yaml --data DATA --store STORE
            # finds every stage done on the store of this report, and `headstart run` trains them anew on another.

            """
        files = sweeps.map { ($0.name, words + $0.text) } + [("tasks.yaml", plan.taskFile)]
    }

    /// - Parameter isPrinted: whether all that a reader could open is open, as on paper.
    package func document(isPrinted: Bool = false) -> String {
        let document = HTMLPage(title: "\(view.reference), a report", main: main).document()
        return isPrinted ? document.replacing("<details", with: "<details open") : document
    }

    private var main: HTML {
        let plan = view.plan
        let sections = self.sections
        let contents = sections.map { "<li><a href=\"#\($0.anchor)\">\($0.title)</a></li>" as HTML }
        return """
            <h1>\(view.reference.description)</h1>
            <p class="soft">\(counted(plan.tableTasks.count, "task")), \(counted(plan.methods.count, "method")), \
            \(counted(Set(plan.rows.map(\.seed)).count, "seed")) on \(plan.model.name). Asked for \(moment(view.entry.plannedAt)), \
            reported by headstart \(programVersion).</p>
            \(Progress(view).html)
            <nav aria-label="Contents"><ol class="toc">\(contents)</ol></nav>
            \(sections.map { "<section><h2 id=\"\($0.anchor)\">\($0.title)</h2>\n\($0.content.demoted)</section>\n" as HTML })
            """
    }

    private struct Section {
        let anchor: HTML
        let title: String
        let content: HTML
    }

    private var sections: [Section] {
        let table = ResultTable(view.snapshot)
        let whole = ResultTable(view.snapshot, allMetrics: true)
        let failures = Failures(StatusListing(view.snapshot, nil, isWorkedOn: view.isWorkedOn).failures, view).list
        let more: HTML =
            whole.columns.count > table.columns.count
            ? "<details><summary>Every metric</summary>\(whole.sheet.html)</details>" : ""
        let all = [
            Section(anchor: "results", title: "Results", content: table.sheet.html + more),
            Section(anchor: "comparisons", title: "Comparisons", content: ComparePage.all(view).content),
            Section(anchor: "rows", title: "Every row", content: StageGrid(view).html),
            view.plan.searches.isEmpty
                ? nil : Section(anchor: "searches", title: "Searches", content: SearchPage(view).content),
            failures.isEmpty ? nil : Section(anchor: "failed", title: "Failures and setbacks", content: failures),
            Section(anchor: "recipes", title: "Recipes", content: Recipes(view).html),
            Section(anchor: "origins", title: "Model, data and versions", content: Origins(view).html),
            Section(anchor: "cost", title: "Hosts and cost", content: Costs(view).html + ClusterPage(view).content),
            Section(anchor: "reproduce", title: "To run it again", content: reproduction),
            Section(anchor: "lineage", title: "Where each number comes from", content: Lineages(view).html),
        ]
        return all.compactMap(\.self)
    }

    private var reproduction: HTML {
        let given = view.plan.stages.contains { !$0.specification.given.isEmpty }
        let files = files.map { file in
            """
            <h3><a download="\(file.name)" href="data:text/yaml;base64,\(Data(file.text.utf8).base64EncodedString())">\(file.name)</a></h3>
            <pre tabindex="0">\(file.text)</pre>

            """ as HTML
        }
        let words: HTML =
            given
            ? "<p>Some stages start from files that were given; <code>headstart export --sweep</code> brings them along.</p>"
            : ""
        return
            "<p>The sweep as it was run, with every setting of every stage and what searches found.</p>\(words)\(files)"
    }
}

extension HTML {
    /// With its headings a level lower, for a place below a heading.
    fileprivate var demoted: HTML {
        HTML(
            markup: markup.replacing("<h3", with: "<h4").replacing("</h3>", with: "</h4>")
                .replacing("<h2", with: "<h3").replacing("</h2>", with: "</h3>"))
    }
}

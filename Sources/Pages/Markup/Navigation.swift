import Experiments
import Ledger
import Reports

/// The links to the pages of a sweep, and to other sweeps.
struct Navigation {
    private let view: SweepView
    private let current: String

    init(_ view: SweepView, current: String) {
        self.view = view
        self.current = current
    }

    var html: HTML {
        let searched = view.plan.searches.isEmpty ? [] : [("/search", "Search")]
        let pages = [("/", "Sweep"), ("/compare", "Compare")] + searched + [("/cluster", "Cluster")]
        let tabs = pages.map { path, title in
            "<a href=\"\(view.links.page(path))\"\(path == current ? " aria-current=\"page\"" as HTML : "")>\(title)</a>"
                as HTML
        }
        return """
            <nav aria-label="Pages"><a class="brand" href="/">headstart</a>\(tabs.joined(separator: "\n"))
            \(sweeps)</nav>
            """
    }

    private var sweeps: HTML {
        let references = view.store.sweeps.references
        guard references.count > 1 else { return "<span class=\"sweeps soft\">\(view.reference.description)</span>" }
        let links = zip(references, view.store.sweeps).reversed().map { reference, entry in
            """
            <tr><th scope="row"><a href="\(Links.server(sweep: "\(reference)").page("/"))"\
            \(reference == view.reference ? " aria-current=\"page\"" as HTML : "")>\(reference.description)</a></th>\
            <td>\(moment(entry.plannedAt))</td><td class="n">\(counted(entry.plan.stages.count, "stage"))</td></tr>

            """ as HTML
        }
        return """
            <details class="sweeps"><summary>\(view.reference.description)</summary>
            \(table(caption: "Sweeps of this store, the last first", head(["sweep", "asked for", "#stages"]), Array(links)))</details>
            """
    }
}

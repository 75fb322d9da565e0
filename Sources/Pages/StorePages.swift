package import Experiments
import Files
package import Foundation
import Ledger
import Reports

/// Every page of one store, by the path that a browser asks for. Each is made of what the store says when it is asked for.
package struct StorePages: Sendable {
    private let path: String
    private let reader: StoreReader
    private let report: @Sendable () throws -> CoordinatorReport?
    private let forecasting: Forecasting

    /// - Parameters:
    ///   - store: the folder of the ledger.
    ///   - report: what the coordinator that works on the store tells of itself; nil where none answers.
    ///   - forecasting: what the time that is left is reckoned from, beside what has been taken.
    /// - Throws: `LedgerError.missing` where the store has no ledger.
    package init(
        store: URL, report: @escaping @Sendable () throws -> CoordinatorReport? = { nil },
        forecasting: @escaping Forecasting = { _ in [:] }
    ) throws {
        path = store.path
        reader = try StoreReader(store: path)
        self.report = report
        self.forecasting = forecasting
    }

    /// - Parameters:
    ///   - path: as "/", "/stages/KEY", "/compare", "/search" and "/cluster".
    ///   - query: as ["sweep": "reviews~1", "methods": "a,b"].
    /// - Returns: nil where there is no such page.
    package func page(at path: String, query: [String: String]) throws -> HTMLPage? {
        let content = try reader.read()
        guard !content.sweeps.isEmpty else {
            return path == "/" ? HTMLPage(title: "Headstart", main: Self.empty, navigation: Self.brand) : nil
        }
        let parts = path.split(separator: "/").map(String.init)
        guard let place = Place(parts) else { return nil }
        guard let view = try view(of: content, query["sweep"], place) else { return nil }
        guard let (title, main) = try Self.main(place, view, query, reader.ledger) else { return nil }
        let navigation = Navigation(view, current: place.path)
        return HTMLPage(
            title: "\(title) – Headstart", main: main, navigation: navigation.html,
            sweep: view.reference.age == 0 ? view.reference.name : nil)
    }

    /// Changes whenever what pages show would.
    package func version() throws -> String {
        let last = try reader.ledger.lastEntry()
        let logs = try reader.read().attempts.values.joined().filter { $0.endedAt == nil }.reduce(0) { sum, attempt in
            sum + (Disk.byteCount(of: StageLogs(store: path).path(of: attempt.stage, attempt.attempt)) ?? 0)
        }
        let steps = try report()?.running.reduce(0) { $0 + ($1.progress?.step ?? 0) } ?? 0
        return "\(last)-\(logs)-\(steps)-\(StoreUse.isInUse(path) ? "worked" : "idle")"
    }

    /// What a path asks for.
    enum Place {
        case sweep, compare, search, cluster
        case stage(digits: String)

        init?(_ parts: [String]) {
            switch parts {
            case []: self = .sweep
            case ["compare"]: self = .compare
            case ["search"]: self = .search
            case ["cluster"]: self = .cluster
            case _ where parts.count == 2 && parts[0] == "stages" && !parts[1].isEmpty:
                self = .stage(digits: parts[1].lowercased())
            default: return nil
            }
        }

        var path: String {
            switch self {
            case .sweep: "/"
            case .compare: "/compare"
            case .search: "/search"
            case .cluster: "/cluster"
            case .stage: "/stages"
            }
        }
    }

    private static func main(
        _ place: Place, _ view: SweepView, _ query: [String: String], _ ledger: LedgerReader
    ) throws -> (title: String, main: HTML)? {
        let name = view.reference.description
        switch place {
        case .sweep: return (name, SweepPage(view).main)
        case .compare: return ("Compare \(name)", ComparePage(view, names: query["methods"]).main)
        case .search: return ("Search \(name)", SearchPage(view).main)
        case .cluster: return ("Cluster", ClusterPage(view).main)
        case .stage(let digits):
            guard let stage = view.plan.stages.first(where: { $0.key.description.hasPrefix(digits) }) else {
                return nil
            }
            let page = try StagePage(view, stage, ledger)
            return (page.title, page.main)
        }
    }

    /// - Parameter name: of a sweep; without one, the one asked for last, or of a stage's page the last that has the stage.
    private func view(of content: StoreContent, _ name: String?, _ place: Place) throws -> SweepView? {
        let references = content.sweeps.references
        let found: Int?
        if let name {
            found = references.firstIndex(of: SweepReference(name))
        } else if case .stage(let digits) = place {
            found = content.sweeps.lastIndex { $0.plan.stages.contains { $0.key.description.hasPrefix(digits) } }
        } else {
            found = content.sweeps.indices.last
        }
        guard let found else { return nil }
        let isLast = found == content.sweeps.indices.last
        let told = try report()
        var view = SweepView(
            content, references[found], content.sweeps[found],
            .server(sweep: isLast ? nil : references[found].description), told,
            isWorkedOn: told != nil || StoreUse.isInUse(path), trouble: StoreUse.trouble(of: path),
            at: .now)
        if case .sweep = place { view.forecasts = reader.forecasts(view.snapshot, of: view.entry, by: forecasting) }
        return view
    }

    private static let brand: HTML = "<nav><a class=\"brand\" href=\"/\">headstart</a></nav>"

    private static let empty: HTML = """
        <h1>Nothing was run on this store yet</h1>
        <p><code>headstart run configs/quickstart.yaml --store STORE</code> begins a sweep.</p>
        """
}

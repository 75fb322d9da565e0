package import Experiments

extension SweepPlan {
    /// The methods with settings that were searched on the scores which are reported, in the table's order.
    var methodsSearchedOnDev: [String] { rows.filter { !devSearches(of: $0).isEmpty }.map(\.method).distinct() }

    /// What is to be said below scores of those methods; nil where none of them is among the ones shown.
    package func searchWarning(of shown: [String]) -> String? {
        let methods = methodsSearchedOnDev.filter(shown.contains)
        guard !methods.isEmpty else { return nil }
        let tried = rows.filter { row in
            methods.contains(row.method) && devSearches(of: row).contains { $0.seeds.contains(row.seed) }
        }
        let seeds = Set(tried.map(\.seed)).sorted().map(String.init)
        let overlap = seeds.isEmpty ? "" : "; searched on with seed\(seeds.count == 1 ? "" : "s") of the table: "
        return "settings were searched on dev, which is reported, too, so that these scores come out too high: "
            + methods.joined(separator: ", ") + overlap + seeds.joined(separator: ", ")
    }

    /// Those that have found something.
    private func devSearches(of row: SweepRow) -> [SweepSearch] {
        searches(for: row).filter { $0.split == .dev && $0.chosen != nil }
    }
}

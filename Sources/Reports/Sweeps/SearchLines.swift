package import Experiments

extension SweepSearch {
    /// What stands of the search, and below it what it remarked.
    package var lines: [String] { ["\(name): \(standing)"] + remarks.map { "  \($0)" } }

    private var name: String { "search \(task) \(method)" }

    package var standing: String {
        let tried = trials.filter { $0.score != nil }.count
        switch state {
        case .open: return "\(tried) of \(trials.count) points have a score, on \(basis); more may follow"
        case .waiting(let reason): return "\(tried) of \(trials.count) points have a score, on \(basis); \(reason)"
        case .chosen(let point): return "\(point) is the best of \(pointCount), on \(basis)"
        case .failed(let reason): return "\(reason), so its rows have none"
        }
    }

    /// The points tried, those that went on with more of the budget once.
    private var pointCount: String {
        counted(Set(trials.map(\.point.settings)).count, "point")
    }

    /// What points are judged by.
    private var basis: String {
        let numbers = seeds.map(String.init).joined(separator: ", ")
        return
            "\(split == .dev ? "dev, which the table reports too" : split.rawValue) (seed\(seeds.count == 1 ? "" : "s") \(numbers))"
    }

    /// What it has come to since an earlier moment, a line each.
    fileprivate func news(since earlier: SweepSearch?) -> [String] {
        let isNew = state != .open && state != earlier?.state
        return (remarks.dropFirst(earlier?.remarks.count ?? 0) + (isNew ? [standing] : [])).map { "\(name): \($0)" }
    }

    /// "cb: lr 5e-4 of 7 points".
    fileprivate var finding: String? {
        switch state {
        case .open: nil
        case .waiting(let reason): "\(task): nothing yet, since \(reason)"
        case .chosen(let point): "\(task): \(point) of \(pointCount)"
        case .failed(let reason): "\(task): \(reason)"
        }
    }
}

extension SweepPlan {
    /// What the searches found, a line a method.
    var searchFindings: [String] {
        searches.map(\.method).distinct().compactMap { method in
            let findings = searches.filter { $0.method == method }.compactMap(\.finding)
            return findings.isEmpty ? nil : "  \(method)  \(findings.joined(separator: "; "))"
        }
    }

    /// What the searches have come to since an earlier plan, a line each.
    func searchNews(since earlier: SweepPlan) -> [String] {
        searches.flatMap { search in
            search.news(since: earlier.searches.first { $0.cell == search.cell })
        }
    }
}

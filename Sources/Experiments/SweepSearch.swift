package import Files

/// A setting with the value that a search gives it, both as sweep files write them; `2.lr` is that of the second stage.
package struct SearchedSetting: Codable, Hashable, Sendable, CustomStringConvertible {
    package let key: String
    package let value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    package var description: String { "\(key) \(value)" }
}

/// What the points of a search are judged on.
package enum SearchBasis: Hashable, Sendable {
    /// What the table reports, too: among as many points, chance alone makes some of their scores too high.
    case dev
    /// The task's validation file or a part that the recipe holds out; where there is neither, this share of the
    /// training set, which every point leaves out and the rows of the table do not.
    case validation(share: Double)
}

extension SearchBasis: Spelled {
    package static let spellings = ["validation", "validation(0.2)", "dev"]

    package init(spelled text: String) throws(SpellingError) {
        let call = try SpelledCall(text)
        switch call.name {
        case "dev":
            _ = try call.arguments([])
            self = .dev
        case "validation":
            let share = try call.arguments(["share"]).number(
                "share", of: "validation", "a number between 0 and 1", default: 0.1
            ) { $0 > 0 && $0 < 1 }
            self = .validation(share: share)
        default: throw SpellingError()
        }
    }

    package var description: String {
        switch self {
        case .dev: "dev"
        case .validation(let share): "validation(\(spelled(share)))"
        }
    }
}

/// What a search tries at once.
package struct SearchPoint: Codable, Hashable, Sendable, CustomStringConvertible {
    /// In the order of the sweep file.
    package let settings: [SearchedSetting]
    /// The part of the full budget that the point gets.
    package let share: Double

    package init(_ settings: [SearchedSetting], share: Double = 1) {
        self.settings = settings
        self.share = share
    }

    /// "lr 5e-4, batch 16".
    package var description: String { settings.map(\.description).joined(separator: ", ") }
}

/// How a search stands.
package enum SearchState: Codable, Hashable, Sendable {
    /// Points are tried, and more may follow.
    case open
    /// Some points have ended without a verdict; the search goes on once they have one. For people: which, and why.
    case waiting(reason: String)
    case chosen(point: SearchPoint)
    /// For people: why nothing could be chosen.
    case failed(reason: String)
}

/// A search of a sweep: what was tried so far for one method on one task, and what came of it.
package struct SweepSearch: Codable, Hashable, Sendable {
    package let task: String
    package let method: String
    /// What was asked for and what it was asked of: equal for every plan of the same sweep, however far it has come.
    package let asked: Digest
    /// The seeds that every point is tried on.
    package let seeds: [UInt64]
    /// What points are compared by: on this split, the first metric of the task that their last stage trains on.
    package let split: Split
    /// In the order in which they were asked for, each once.
    package let trials: [Trial]
    package let state: SearchState
    /// What people should know of the search, in the order in which it came about.
    package let remarks: [String]

    package struct Trial: Codable, Hashable, Sendable {
        package let point: SearchPoint
        /// The stage whose score counts, one a seed.
        package let stages: [StageKey]
        /// The mean over the seeds; nil until they have all ended, and where one has ended without a score.
        package let score: Double?

        package init(point: SearchPoint, stages: [StageKey], score: Double?) {
            self.point = point
            self.stages = stages
            self.score = score
        }
    }

    package init(
        task: String, method: String, asked: Digest, seeds: [UInt64], split: Split, trials: [Trial],
        state: SearchState, remarks: [String]
    ) {
        self.task = task
        self.method = method
        self.asked = asked
        self.seeds = seeds
        self.split = split
        self.trials = trials
        self.state = state
        self.remarks = remarks
    }

    package var chosen: SearchPoint? { if case .chosen(let point) = state { point } else { nil } }
    /// Whether its rows wait for it still.
    package var isOpen: Bool { chosen == nil && failure == nil }
    package var obstacle: String? { if case .waiting(let reason) = state { reason } else { nil } }
    package var failure: String? { if case .failed(let reason) = state { reason } else { nil } }
}

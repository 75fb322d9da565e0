/// A result table of a paper.
package struct PublishedTable: Hashable, Sendable {
    /// The paper and its own number, as `ehft/1`.
    package let name: String
    /// In the paper's order.
    package let scores: [PublishedScore]

    package init(name: String, scores: [PublishedScore]) {
        self.name = name
        self.scores = scores
    }
}

/// One number of a table. Method, setting, task and metric are the paper's own words.
package struct PublishedScore: Hashable, Sendable {
    package let model: String
    package let method: String
    /// What tells rows of one method apart, as `lr=5e-4 n=100`; empty where nothing does.
    package let setting: String
    package let task: String
    package let metric: String
    /// In percent.
    package let mean: Double
    /// In percent; nil where the paper gives none.
    package let deviation: Double?
    /// Seeds behind the mean.
    package let runs: Int
    /// nil where no single score of a sweep is what the paper has here.
    package let counterpart: Counterpart?

    /// What the number is called in sweeps.
    package struct Counterpart: Hashable, Sendable {
        /// The paper gives the best of them, most often of but one, or the mean of all.
        package let methods: [String]
        /// One, and where the authors' code reads the task otherwise, that too; those of the mean.
        package let tasks: [String]
        package let metric: String
        /// Where the number is a mean over methods and tasks: what is taken off the score of each of the methods. nil
        /// where it is one score.
        package let baselines: [Baseline]?

        package init(methods: [String], tasks: [String], metric: String, baselines: [Baseline]? = nil) {
            self.methods = methods
            self.tasks = tasks
            self.metric = metric
            self.baselines = baselines
        }

        /// Those of the baselines included.
        package var allMethods: [String] {
            methods
                + (baselines ?? []).compactMap { baseline in
                    if case .score(let method, _) = baseline { method } else { nil }
                }
        }
    }

    package enum Baseline: Hashable, Sendable {
        case nothing
        /// The score of a method on a task; nil for the task of the score that it is taken off.
        case score(method: String, task: String?)
    }

    /// Each task's own first metric, in place of a metric's name.
    package static let ownMetric = "score"

    package init(
        model: String, method: String, setting: String, task: String, metric: String, mean: Double, deviation: Double?,
        runs: Int, counterpart: Counterpart?
    ) {
        self.model = model
        self.method = method
        self.setting = setting
        self.task = task
        self.metric = metric
        self.mean = mean
        self.deviation = deviation
        self.runs = runs
        self.counterpart = counterpart
    }
}

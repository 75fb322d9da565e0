package import Files

/// A pretrained model on disk and what it is.
package struct ModelLocation: Codable, Hashable, Sendable {
    /// As the sweep file names it.
    package let name: String
    /// Its directory on the machine that planned the sweep; a worker may have it elsewhere.
    package let path: String
    /// The digest of its configuration, weights and tokenizer files.
    package let content: Digest

    package init(name: String, path: String, content: Digest) {
        self.name = name
        self.path = path
        self.content = content
    }
}

/// A task of a sweep: how it is read, and what it was when the sweep was planned.
package struct PlannedTask: Codable, Hashable, Sendable {
    package let definition: TaskDefinition
    package let content: Digest
    /// Rows of the training file.
    package let trainCount: Int
    /// Examples of the file that scores are reported on; nil in plans of older stores.
    package let devCount: Int?
    /// What the training file is cut from where it is running text; nil in plans of older stores, too.
    package let text: RunningText?
    /// What saying the same of every example scores; nil in plans of older stores, and where no label is said.
    package let constant: ConstantPrediction?

    package init(
        definition: TaskDefinition, content: Digest, trainCount: Int, devCount: Int? = nil, text: RunningText? = nil,
        constant: ConstantPrediction? = nil
    ) {
        self.definition = definition
        self.content = content
        self.trainCount = trainCount
        self.devCount = devCount
        self.text = text
        self.constant = constant
    }

    /// The training examples that a stage makes of the file.
    func trainCount(for recipe: Recipe) -> Int { text?.blockCount(recipe.blocks, recipe.maxLength) ?? trainCount }
}

/// Text in which tokens are to be guessed, as one tokenizer reads it: how many blocks it can be cut into.
package struct RunningText: Codable, Hashable, Sendable {
    /// How many of the lines have so many tokens.
    let lines: [Int: Int]
    /// Tokens that stand around those of a block.
    let frame: Int

    /// - Parameter lengths: the tokens of each line.
    package init(lengths: [Int], frame: Int) {
        lines = Dictionary(lengths.map { ($0, 1) }, uniquingKeysWith: +)
        self.frame = frame
    }

    /// - Parameter maxLength: tokens of a block, those around it included.
    package func blockCount(_ blocks: TextBlocks, _ maxLength: Int) -> Int {
        let room = max(1, maxLength - frame)
        return switch blocks {
        case .lines: lines.reduce(0) { $0 + $1.value * blockCount(of: $1.key, room) }
        case .longest: blockCount(of: lines.reduce(0) { $0 + $1.key * $1.value }, room)
        }
    }

    private func blockCount(of tokens: Int, _ room: Int) -> Int { (tokens + room - 1) / room }
}

/// One cell of the result table for one seed, and for one fold where its task has some: the stages of its method in order. The last one's score counts. Without
/// stages it waits for searches of the plan, or has failed with one of them.
package struct SweepRow: Codable, Hashable, Sendable {
    package let task: String
    /// Of the task's folds the one that the row is scored on; nil where it has none.
    package let fold: Fold?
    package let method: String
    package let seed: UInt64
    package private(set) var stages: [StageKey]
    /// The searches that some of the row's settings come from, by their places in the plan.
    @Implied<Empty<Int>> package private(set) var searches: [Int]

    /// "anySearches" is what plans in stores call it.
    private enum CodingKeys: String, CodingKey {
        case task, fold, method, seed, stages, searches = "anySearches"
    }

    package init(
        task: String, fold: Fold? = nil, method: String, seed: UInt64, stages: [StageKey], searches: [Int] = []
    ) {
        self.task = task
        self.fold = fold
        self.method = method
        self.seed = seed
        self.stages = stages
        self.searches = searches
    }

    /// What the stage at a place is called: the method, with the stage's number where there are several.
    package func stageName(_ place: Int) -> String { stages.count == 1 ? method : "\(method)/\(place + 1)" }

    /// The row as it is before its searches have come to stages.
    package var withoutStages: SweepRow {
        var row = self
        row.stages = []
        return row
    }
}

/// A sweep as a graph of stages, each stage once, before any that starts from it.
package struct SweepPlan: Codable, Hashable, Sendable {
    package let name: String
    package let model: ModelLocation
    /// The data directory on the machine that planned the sweep.
    package let dataDirectory: String
    package let tasks: [PlannedTask]
    @SharingStages package var stages: [PlannedStage]
    /// In the order of the table: tasks, then methods, then seeds, as the sweep file lists them.
    package let rows: [SweepRow]
    /// In the order of the rows they are for.
    @Implied<Empty<SweepSearch>> package private(set) var searches: [SweepSearch]

    /// "anySearches" is what plans in stores call it.
    private enum CodingKeys: String, CodingKey {
        case name, model, dataDirectory, tasks, stages, rows, searches = "anySearches"
    }

    package init(
        name: String, model: ModelLocation, dataDirectory: String, tasks: [PlannedTask], stages: [PlannedStage],
        rows: [SweepRow], searches: [SweepSearch] = []
    ) {
        self.name = name
        self.model = model
        self.dataDirectory = dataDirectory
        self.tasks = tasks
        _stages = SharingStages(wrappedValue: stages)
        self.rows = rows
        self.searches = searches
    }

    /// What makes two plans the same sweep: its name and its table. Paths may differ, and the outputs kept. How far its
    /// searches have come makes no difference either, so their rows count without stages.
    package struct Identity: Encodable, Hashable, Sendable {
        private let name: String
        private let rows: [SweepRow]
        private let searches: [Digest]?

        fileprivate init(_ plan: SweepPlan) {
            name = plan.name
            // Without searches the rows are the plan's own, and take no memory of theirs.
            rows =
                plan.searches.isEmpty && plan.rows.allSatisfy(\.searches.isEmpty)
                ? plan.rows : plan.rows.map { $0.searches.isEmpty ? $0 : $0.withoutStages }
            searches = plan.searches.isEmpty ? nil : plan.searches.map(\.asked)
        }
    }

    package var identity: Identity { Identity(self) }

    package func task(named name: String) -> PlannedTask? { tasks.first { $0.definition.name == name } }

    /// The searches that some of a row's settings come from.
    package func searches(for row: SweepRow) -> [SweepSearch] {
        row.searches.compactMap { searches.indices.contains($0) ? searches[$0] : nil }
    }

    /// Whether nothing more will happen to the sweep unless a person asks for it.
    ///
    /// - Parameter records: what is known of its stages; one of which nothing is known has not ended.
    package func hasEnded(_ records: [StageRecord]) -> Bool {
        let ended = Set(records.lazy.filter(\.state.isFinal).map(\.key))
        return stages.allSatisfy { ended.contains($0.key) } && searches.allSatisfy { $0.state != .open }
    }
}

/// What is planned as results come in.
package protocol GrowingPlan: Sendable {
    /// The sweep's.
    var name: String { get }
    /// The stages and rows that follow from what is known; equal knowledge has equal plans, and a plan that knows more
    /// has all stages of one that knows less.
    func plan(knowing standing: (StageKey) -> StageStanding?) throws -> SweepPlan
}

extension GrowingPlan {
    /// The plan before anything has run.
    package func plan() throws -> SweepPlan { try plan { _ in nil } }

    /// The plan as far as results lead: planned again until that brings no new stage.
    /// - Parameter known: what is known about the stages of a plan.
    package func plan(asFarAs known: (SweepPlan) throws -> [StageKey: StageRecord]) throws -> SweepPlan {
        var plan = try plan()
        while true {
            let records = try known(plan)
            let next = try self.plan { records[$0]?.standing }
            guard next != plan else { return plan }
            plan = next
        }
    }
}

/// A plan that waits for nothing.
extension SweepPlan: GrowingPlan {
    package func plan(knowing standing: (StageKey) -> StageStanding?) -> SweepPlan { self }
}

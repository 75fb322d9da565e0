import Experiments
import Ledger
import Reports

/// A sweep of a store at one moment, as pages show it.
struct SweepView: Sendable {
    let store: StoreContent
    let reference: SweepReference
    let entry: SweepEntry
    private(set) var snapshot: SweepSnapshot
    let links: Links
    /// What the coordinator tells; nil where none answers.
    let report: CoordinatorReport?
    /// Whether a coordinator works on the store.
    let isWorkedOn: Bool
    /// Why it cannot write the store.
    let trouble: String?
    /// As far as anything is known: now, or where nobody works on the store the last that was told of it.
    let horizon: Timestamp
    private let places: [StageKey: Int]

    var plan: SweepPlan { entry.plan }
    var forecasts: [StageKey: StageForecast] {
        get { snapshot.forecasts }
        set { snapshot.forecasts = newValue }
    }

    init(
        _ store: StoreContent, _ reference: SweepReference, _ entry: SweepEntry, _ links: Links,
        _ report: CoordinatorReport?, isWorkedOn: Bool, trouble: String?, at now: Timestamp
    ) {
        let progress = Dictionary((report?.running ?? []).map { ($0.key, $0.progress) }) { first, _ in first }
        self.store = store
        self.reference = reference
        self.entry = entry
        self.links = links
        self.report = report
        self.isWorkedOn = isWorkedOn
        self.trouble = trouble
        let told = store.attempts.values.joined().lazy.map { $0.endedAt ?? $0.startedAt }
        horizon = isWorkedOn ? now : told.max() ?? entry.plannedAt
        snapshot = SweepSnapshot(
            entry.plan,
            entry.plan.stages.compactMap { stage in
                guard var record = store.records[stage.key] else { return nil }
                record.progress = progress[stage.key] ?? nil
                return record
            })
        places = Dictionary(entry.plan.stages.enumerated().map { ($1.key, $0) }) { first, _ in first }
    }

    /// - Returns: nil for a stage that is not of the sweep.
    func planned(_ key: StageKey) -> PlannedStage? { places[key].map { plan.stages[$0] } }

    /// "eh-ft/2 on cb, seed 3"
    func name(_ stage: PlannedStage) -> String { "\(stage.label) on \(stage.task), seed \(stage.specification.seed)" }

    func attempts(at key: StageKey) -> [AttemptEntry] { store.attempts[key] ?? [] }

    /// The task's first metric of a stage that has finished, as tables have it.
    func figure(of stage: PlannedStage) -> String? {
        guard let metric = plan.task(named: stage.task)?.definition.metrics.first else { return nil }
        return snapshot[stage.key].result?.scored(metric, on: .dev)?.figure
    }

    /// Groups that work now; one where nobody does.
    var groups: Int { max(1, report?.workers.count ?? snapshot.count(.running)) }

    func standing(_ key: StageKey) -> Standing { Standing(snapshot[key].state, isWorkedOn: isWorkedOn) }
}

/// How a stage stands, with its name for people and the letter by which pages' style knows it.
enum Standing: String, CaseIterable {
    case finished, failed, setAside = "set-aside", blocked, cancelled, running, interrupted, waiting

    init(_ state: StageState, isWorkedOn: Bool) {
        self =
            switch state {
            case .waiting: .waiting
            // It goes on when the sweep is started again.
            case .running: isWorkedOn ? .running : .interrupted
            case .finished: .finished
            case .failed: .failed
            case .setAside: .setAside
            case .blocked: .blocked
            case .cancelled: .cancelled
            }
    }

    var letter: HTML {
        switch self {
        case .finished: "f"
        case .running: "r"
        case .interrupted: "i"
        case .waiting: "w"
        case .failed: "x"
        case .setAside: "a"
        case .blocked: "b"
        case .cancelled: "c"
        }
    }

    /// A sign that tells it from the others without colours.
    var sign: HTML {
        switch self {
        case .finished: "✓"
        case .running: "▸"
        case .interrupted: "‖"
        case .waiting: "·"
        case .failed: "✕"
        case .setAside: "✕"
        case .blocked: "⊘"
        case .cancelled: "–"
        }
    }

    /// In a text.
    var badge: HTML { "<span class=\"badge \(letter)\"><i aria-hidden=\"true\">\(sign)</i> \(rawValue)</span>" }
}

import Experiments
import Files
import Foundation
import Ledger
import TestKit

/// Measures a ledger of so many stages: `benchledger FOLDER COUNT...`.

/// A grid of 10 tasks and 10 methods of two stages each, on as many seeds as it takes; the stages are in the order in
/// which the scheduler gives them out.
struct Grid {
    let plan: SweepPlan
    let order: [PlannedStage]

    init(stages count: Int) {
        let (cells, seeds) = (100, max(1, count / 200))
        var recipes = [Recipe(), Recipe()]
        recipes[0].tune = .bitfit
        var stages: [PlannedStage] = []
        var rows: [SweepRow] = []
        for cell in 0..<cells {
            let (task, method) = ("task-\(cell / 10)", "method-\(cell % 10)")
            for seed in 1...UInt64(seeds) {
                var chain: [StageKey] = []
                for (place, recipe) in recipes.enumerated() {
                    var recipe = recipe
                    recipe.learningRate = Double(cell % 10 + 1) * 1e-5
                    let specification = StageSpecification(
                        backbone: anyDigest, task: Digest(of: Array(task.utf8)), recipe: recipe, seed: seed,
                        inputs: chain.map { StageInput(kind: .head, from: $0) })
                    // What it is would take longer to digest than to store.
                    let key = StageKey(rawValue: Digest(of: Array("\(cell) \(seed) \(place)".utf8)))
                    stages.append(
                        PlannedStage(
                            key: key, specification: specification, task: task, label: "\(method)/\(place + 1)",
                            outputs: [.head]))
                    chain.append(key)
                }
                rows.append(SweepRow(task: task, method: method, seed: seed, stages: chain))
            }
        }
        let tasks = (0..<10).map { number in
            var task = anyTask
            task.name = "task-\(number)"
            return PlannedTask(definition: task, content: Digest(of: Array(task.name.utf8)), trainCount: 1000)
        }
        plan = SweepPlan(
            name: "grid", model: ModelLocation(name: "minilm", path: "/model", content: anyDigest),
            dataDirectory: "/data", tasks: tasks, stages: stages, rows: rows)
        order = (0..<seeds).flatMap { seed in
            (0..<cells).flatMap { cell in (0..<2).map { stages[2 * (cell * seeds + seed) + $0] } }
        }
    }
}

/// What something took: by the clock, and of the processors.
struct Cost {
    var seconds: Double
    var processor: Double

    init(_ body: () throws -> Void) rethrows {
        let (start, used) = (ContinuousClock.now, Self.used)
        try body()
        (seconds, processor) = (start.duration(to: .now) / .seconds(1), Self.used - used)
    }

    private static var used: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    var text: String { "\(Self.figure(seconds)), \(Self.figure(processor)) of a core" }

    static func figure(_ seconds: Double) -> String {
        seconds < 1 ? String(format: "%.1f ms", seconds * 1000) : String(format: "%.2f s", seconds)
    }
}

func say(_ what: String, _ value: String) {
    print("  \(what.padding(toLength: 44, withPad: " ", startingAt: 0))\(value)")
}

/// What becomes of stages in the two turns in which they are handed out and accepted.
func turns(_ stages: ArraySlice<PlannedStage>) -> [[Change]] {
    let (worker, attempt) = (WorkerID(rawValue: "node-3-12345-mdx2k1f3"), Attempt(rawValue: 1))
    let handedOut = stages.flatMap { stage in
        [
            Change.started(stage.key, attempt, on: worker, node: anyNode, at: .now),
            .stands(StageRecord(key: stage.key, standing: .running(on: worker), attempts: 1)),
        ]
    }
    let accepted = stages.flatMap { stage in
        let head = ArtifactReference(id: ArtifactID(rawValue: stage.key.rawValue), kind: .head, byteCount: 1 << 20)
        var result = makeResult(artifacts: [head])
        result.confusion = Confusion(predicted: [0, 1, 1, 0], expected: [0, 1, 0, 1])
        return [
            Change.ended(stage.key, attempt, failure: nil, at: .now),
            .stands(StageRecord(key: stage.key, standing: .finished(result), attempts: 1)),
        ]
    }
    return [handedOut, accepted]
}

func measure(_ count: Int, in folder: String) throws {
    let store = "\(folder)/\(count)"
    try Directory.remove(store)
    defer { do { try Directory.remove(store) } catch { print("\(error)") } }
    let grid = Grid(stages: count)
    print("\(grid.plan.stages.count) stages")
    do {
        let ledger = try Ledger(store: store)
        say("commit of the plan", try Cost { try ledger.commit([.planned(grid.plan, at: .now)]) }.text)
        let (half, turn) = (grid.order.count / 2, min(1000, grid.order.count / 10))
        for start in stride(from: 0, to: half, by: turn) {
            for changes in turns(grid.order[start..<start + turn]) { try ledger.commit(changes) }
        }
        var next = half
        for size in [turn, turn / 10, 1] {
            let changes = (0..<3).map { turns(grid.order[next + $0 * size..<next + ($0 + 1) * size]) }
            next += 3 * size
            let cost = try Cost { for turn in changes.joined() { try ledger.commit(turn) } }
            say(
                "\(size) handed out and accepted, three times",
                "\(cost.text), \(Int(Double(3 * size) / cost.seconds)) stages a second")
        }
    }
    let bytes = Disk.byteCount(of: "\(store)/ledger.sqlite") ?? 0
    say("ledger", "\(bytes >> 20) MiB, \(bytes / grid.plan.stages.count) bytes a stage")
    for command in ["status", "start"] {
        var ledger: Ledger?
        var reader: LedgerReader?
        let opening = try Cost {
            if command == "start" { ledger = try Ledger(store: store) }
            reader = try ledger?.reader ?? LedgerReader(store: store)
        }
        guard let reader, let heading = try reader.find() else { return }
        if command == "status" {
            say("status: summary", try Cost { _ = try reader.summary(of: heading) }.text)
            say("counts for metrics", try Cost { _ = try reader.tallies() }.text)
            continue
        }
        var plan: SweepPlan?
        var known: [StageKey: StageRecord] = [:]
        say("start: open", opening.text)
        say(
            "start: kept, given, drained, discarded",
            try Cost {
                _ = try (reader.keptStages(besides: []), reader.given(), reader.drained(), reader.discarded())
            }.text)
        say("start: the plan, of rows", try Cost { plan = try reader.entry(heading).plan }.text)
        guard let plan, plan == grid.plan, let ledger else { return print("the plan is another one") }
        say("start: what is known of its stages", try Cost { known = try reader.known(of: plan) }.text)
        guard known.count == plan.stages.count else { return print("stages are missing") }
        say("start: commit of the plan again", try Cost { try ledger.commit([.planned(plan, at: .now)]) }.text)
    }
}

let folder = CommandLine.arguments[1]
try Directory.make(folder)
let file = "\(folder)/fsync"
let syncCount = 200
let syncing = try Cost {
    try Disk.open(file) { file throws(FileError) in
        for number in 0..<syncCount {
            try file.write([UInt8](repeating: 7, count: 4096), at: number * 4096)
            try file.synchronize()
        }
    }
}
print("fsync of 4 KiB: \(Cost.figure(syncing.seconds / Double(syncCount)))")
try Disk.remove(file)
for count in CommandLine.arguments.dropFirst(2).compactMap({ Int($0) }) { try measure(count, in: folder) }

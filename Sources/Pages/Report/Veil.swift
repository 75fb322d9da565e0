import Experiments
import Files
import Foundation
import Ledger

/// Takes out of what a store says who made it where: hosts, workers, users and paths. It is laid over what pages are made
/// of, not over the pages, so that no page needs to know of it.
struct Veil {
    /// Names, each with what stands for it, longer ones first, by the word that they begin with.
    private let names: [Substring: [(name: String, other: String)]]
    private let hosts: [String: String]
    private let workers: [WorkerID: WorkerID]

    init(_ content: StoreContent) {
        let attempts = content.attempts.values.joined()
        let results = content.records.values.compactMap(\.result)
        let hostNames = Set(attempts.map(\.node.host)).union(results.map(\.node.host)).sorted()
        let hosts = hostNames.enumerated().map { (name: $1, other: "host-\($0 + 1)") }
        let workerNames = Set(attempts.map(\.worker)).union(content.records.values.compactMap(\.worker)).sorted()
        let workers = workerNames.enumerated().map { (name: $1, other: "worker-\($0 + 1)") }
        let paths = content.sweeps.flatMap { [$0.plan.model.path, $0.plan.dataDirectory] }
        let users = Set(paths.compactMap(Self.user) + [NSUserName()]).subtracting(["", "root"])
        // Short names of hosts, too: a batch system says `node7` of `node7.cluster.example`.
        let short = hosts.compactMap { host in host.name.split(separator: ".").first.map { (String($0), host.other) } }
        self.hosts = Dictionary(uniqueKeysWithValues: hosts.map { ($0.name, $0.other) })
        self.workers = Dictionary(uniqueKeysWithValues: workers.map { ($0.name, WorkerID(rawValue: $0.other)) })
        let all =
            (workers.map { ($0.name.rawValue, $0.other) } + hosts.map { ($0.name, $0.other) } + short
            + users.map { ($0, "user") }).sorted { ($1.0.count, $0.0) < ($0.0.count, $1.0) }
        names = Dictionary(grouping: all.filter { !$0.0.isEmpty }) { Self.firstWord(of: $0.0[...]) }
    }

    private static func isInWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }

    /// The letters that a text begins with; another sign is one by itself.
    private static func firstWord(of text: Substring) -> Substring {
        let word = text.prefix(while: isInWord)
        return word.isEmpty ? text.prefix(1) : word
    }

    /// Whose home a path lies in.
    private static func user(_ path: String) -> String? {
        let parts = path.split(separator: "/")
        return parts.count > 1 && ["home", "Users"].contains(parts[0]) ? String(parts[1]) : nil
    }

    /// A text without names and paths.
    func text(_ text: String) -> String {
        let path = #/(^|[\s'"(=:,\[])(?:~|\.{1,2})?/[^\s'",:;)\]]+/#
        return veilingNames(in: text.replacing(path) { "\($0.output.1)[path]" })
    }

    /// A name only where it is a word by itself: "vm" stays in "svm".
    private func veilingNames(in text: String) -> String {
        var result = ""
        var rest = text[...]
        while !rest.isEmpty {
            let word = Self.firstWord(of: rest)
            let found = names[word]?.first { candidate in
                rest.hasPrefix(candidate.name)
                    && !(rest.dropFirst(candidate.name.count).first.map(Self.isInWord) ?? false)
            }
            result += found?.other ?? String(word)
            rest = rest.dropFirst(found?.name.count ?? word.count)
        }
        return result
    }
}

extension Veil {
    func content(_ content: StoreContent) -> StoreContent {
        StoreContent(
            sweeps: content.sweeps.map { SweepEntry(plan: plan($0.plan), plannedAt: $0.plannedAt) },
            lastEntry: content.lastEntry, records: content.records.mapValues(record),
            attempts: content.attempts.mapValues { $0.map(attempt) })
    }

    private func plan(_ plan: SweepPlan) -> SweepPlan {
        let model = ModelLocation(name: Path.name(of: plan.model.name), path: "", content: plan.model.content)
        return SweepPlan(
            name: plan.name, model: model, dataDirectory: "DATA", tasks: plan.tasks.map(task), stages: plan.stages,
            rows: plan.rows, searches: plan.searches.map(search))
    }

    private func task(_ task: PlannedTask) -> PlannedTask {
        var definition = task.definition
        definition.train = files(definition.train)
        definition.dev = definition.dev.map(files)
        definition.validation = definition.validation.map(files)
        definition.test = definition.test.map(files)
        return PlannedTask(
            definition: definition, content: task.content, trainCount: task.trainCount, devCount: task.devCount,
            text: task.text, constant: task.constant)
    }

    /// Those within the data directory keep their names.
    private func files(_ files: DataFiles) -> DataFiles {
        DataFiles(
            files.paths.map { Path.isAbsolute($0) || $0.hasPrefix("..") || $0.hasPrefix("~") ? Path.name(of: $0) : $0 })
    }

    private func search(_ search: SweepSearch) -> SweepSearch {
        let state: SearchState =
            switch search.state {
            case .open, .chosen: search.state
            case .waiting(let reason): .waiting(reason: text(reason))
            case .failed(let reason): .failed(reason: text(reason))
            }
        return SweepSearch(
            task: search.task, method: search.method, asked: search.asked, seeds: search.seeds, split: search.split,
            trials: search.trials, state: state, remarks: search.remarks.map(text))
    }

    private func node(_ node: NodeSettings) -> NodeSettings {
        var node = node
        node.host = hosts[node.host] ?? "host"
        return node
    }

    private func failure(_ failure: StageFailure) -> StageFailure { StageFailure(failure.cause, text(failure.message)) }

    private func worker(_ worker: WorkerID) -> WorkerID { workers[worker] ?? WorkerID(rawValue: "worker") }

    private func record(_ record: StageRecord) -> StageRecord {
        var record = record
        record.setback = record.setback.map { StageRecord.Setback(failure($0.failure), at: $0.at) }
        switch record.standing {
        case .waiting, .cancelled: break
        case .running(let on): record.standing = .running(on: worker(on))
        case .finished(var result):
            result.node = node(result.node)
            record.standing = .finished(result)
        case .failed(let cause): record.standing = .failed(failure(cause))
        case .setAside(let reason): record.standing = .setAside(reason: text(reason))
        case .blocked(let reason): record.standing = .blocked(reason: text(reason))
        }
        return record
    }

    private func attempt(_ attempt: AttemptEntry) -> AttemptEntry {
        AttemptEntry(
            stage: attempt.stage, attempt: attempt.attempt, worker: worker(attempt.worker), node: node(attempt.node),
            startedAt: attempt.startedAt, endedAt: attempt.endedAt, failure: attempt.failure.map(failure))
    }
}

import ArgumentParser
import Experiments
import Files
import Foundation
import Ledger
import Reports

struct ExportMetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Writes how a sweep's stages went: losses, rates, norms, speed and scores by steps.",
        discussion: """
            Of a stage that runs it is what is known so far. For TensorBoard each stage is a folder, called by task, \
            method and seed, with one file of events, which another export replaces; csv and jsonl have a line for each \
            number.

            EXAMPLE
              headstart export metrics --store results --format tensorboard --out events
              tensorboard --logdir events
              headstart export metrics --store results --format csv --out metrics.csv
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case tensorboard, csv, jsonl
    }

    @OptionGroup var sweep: StoredSweepOptions

    @Option(name: .long, help: "What to write.")
    var format: Format

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The file to write, or - for standard output; for tensorboard the folder, which is made if need be.",
            valueName: "path"))
    var out: String

    func validate() throws {
        guard format != .tensorboard || out != "-" else {
            throw ValidationError("--format tensorboard writes folders; give --out a directory")
        }
    }

    func run() throws {
        if format != .tensorboard, out != "-" {
            try OutputFile.check(out, besides: "\(sweep.store.store)/ledger.sqlite")
        }
        let stages = try metrics()
        switch format {
        case .tensorboard: try writeEvents(of: stages)
        case .csv: try write(stages, after: StageMetrics.header) { $0.csv }
        case .jsonl:
            var reason: (any Error)?
            do {
                try write(stages, after: "") { stage throws(FileError) in
                    do {
                        let lines = try stage.lines.map { try CanonicalJSON.encode($0) }
                        return lines.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined()
                    } catch {
                        reason = error
                        throw FileError(.write, out, code: EINVAL)
                    }
                }
            } catch {
                throw reason ?? error
            }
        }
        if out != "-" { try Screen.line("Wrote \(counted(stages.count, "stage")) to \(out).") }
    }

    /// Of all stages that have any, in the order of the table.
    private func metrics() throws -> [StageMetrics] {
        let ledger = try LedgerReader(store: sweep.store.store)
        let plan = try ledger.sweep(named: sweep.sweep).plan
        let startTimes = try ledger.startTimes()
        var known: [StageKey: StageCurves] = [:]
        let stages = try plan.rows.flatMap { row in
            try row.stages.enumerated().compactMap { place, key -> StageMetrics? in
                guard let startedAt = startTimes[key] else { return nil }
                guard let curves = try known[key] ?? ledger.curves(of: key) else { return nil }
                known[key] = curves
                return StageMetrics(
                    task: row.trainedTask, method: row.stageName(place), seed: row.seed, key: key,
                    startedAt: startedAt, curves: curves)
            }
        }
        guard !stages.isEmpty else {
            throw BadRequest("\(sweep.store.store): no stage of '\(plan.name)' has told how it goes yet")
        }
        return stages
    }

    private func writeEvents(of stages: [StageMetrics]) throws {
        for stage in stages {
            let folder = "\(out)/\(EventFile.folder(of: stage))"
            try Directory.make(folder)
            try AtomicFile.write(Data(EventFile.bytes(of: stage)), to: "\(folder)/\(EventFile.name)")
        }
    }

    private func write(
        _ stages: [StageMetrics], after header: String, _ text: (StageMetrics) throws(FileError) -> String
    ) throws(FileError) {
        guard out != "-" else {
            try Screen.draw(header)
            for stage in stages { try Screen.draw(try text(stage)) }
            return
        }
        try AtomicFile.write(to: out) { append throws(FileError) in
            func write(_ text: String) throws(FileError) {
                try Array(text.utf8).span.bytes.withUnsafeBytes { bytes throws(FileError) in try append(bytes) }
            }
            try write(header)
            for stage in stages { try write(try text(stage)) }
        }
    }
}

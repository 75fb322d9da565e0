package import Experiments
package import Files
import Foundation

/// A stage that was trained, and where its artifacts lie: what `predict` and `export` start from.
package struct TrainedStage: Sendable {
    package let record: Record
    package let files: [ArtifactKind: String]

    /// What is known of a trained stage besides its artifacts; `run.json` of a run directory.
    package struct Record: Codable, Sendable {
        package let label: String
        package let specification: StageSpecification
        package let model: ModelLocation
        package let task: TaskDefinition
        package let result: StageResult

        package init(
            label: String, specification: StageSpecification, model: ModelLocation, task: TaskDefinition,
            result: StageResult
        ) {
            self.label = label
            self.specification = specification
            self.model = model
            self.task = task
            self.result = result
        }
    }

    package init(record: Record, files: [ArtifactKind: String]) {
        self.record = record
        self.files = files
    }
}

/// The folder that `headstart train --out` leaves: `run.json` beside the artifacts it names.
package struct RunDirectory {
    package let path: String

    package init(_ path: String) { self.path = path }

    private var recordPath: String { "\(path)/run.json" }

    package func write(_ record: TrainedStage.Record) throws(FileError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try AtomicFile.write(try encoder.encode(record), to: recordPath)
        } catch let error as FileError {
            throw error
        } catch {
            throw FileError(.write, recordPath, code: EINVAL)
        }
    }

    /// - Throws: `StageFailure` with a sentence where the folder is no run or an artifact is missing or altered.
    package func read() throws(StageFailure) -> TrainedStage {
        let record: TrainedStage.Record
        do {
            let data = Data(try Disk.read(recordPath))
            record = try JSONDecoder().decode(TrainedStage.Record.self, from: data)
        } catch {
            throw StageFailure(
                .badInput, "\(path): no finished run here (run.json is missing or unreadable); train with --out \(path)"
            )
        }
        var files: [ArtifactKind: String] = [:]
        for artifact in record.result.artifacts {
            let file = "\(path)/\(artifact.kind.rawValue).safetensors"
            do {
                guard try MappedFile(path: file).digest() == artifact.id.rawValue else {
                    throw StageFailure(.badInput, "\(file): was changed since the run ended; train it again")
                }
            } catch {
                throw StageFailure(classifying: error)
            }
            files[artifact.kind] = file
        }
        return TrainedStage(record: record, files: files)
    }
}

import Collectives
import Experiments
import Files
import Foundation
import Logging
import Messages
import Synchronization
import TestKit
import Training
import Transport
import Worker

/// Trains nothing: does what a test tells it to.
final class FakeRunner: StageRunner {
    private let body: @Sendable (StageJob, any StageObserver) throws(StageFailure) -> StageOutcome

    init(_ body: @escaping @Sendable (StageJob, any StageObserver) throws(StageFailure) -> StageOutcome) {
        self.body = body
    }

    func run(_ job: StageJob, observer: any StageObserver) throws(StageFailure) -> StageOutcome {
        try body(job, observer)
    }
}

/// Waits as a long training does, until it is to stop.
@Sendable func trainUntilStopped(_ job: StageJob, _ observer: any StageObserver) throws(StageFailure) -> StageOutcome {
    while !observer.shouldStop { usleep(5000) }
    throw StageFailure(.stopped, "stopped after a step")
}

/// Writes the head that the bytes make up and tells of it.
func finish(_ job: StageJob, head: [UInt8]) throws(StageFailure) -> StageOutcome {
    let path = "\(job.outputDirectory)/head.safetensors"
    guard FileManager.default.createFile(atPath: path, contents: Data(head)) else {
        throw StageFailure(.node, "\(path) cannot be written")
    }
    let reference = ArtifactReference(
        id: ArtifactID(rawValue: Digest(of: head)), kind: .head, byteCount: head.count)
    return StageOutcome(result: result([reference]), files: [.head: path])
}

func result(_ artifacts: [ArtifactReference] = []) -> StageResult {
    StageResult(
        scores: [], steps: 3, finalLoss: 0.5, tokens: 10, seconds: 1, tokensPerSecond: 10, trainable: 2,
        parameters: Digest(of: [1]), artifacts: artifacts, node: node)
}

let node = NodeSettings(ranks: 1, threads: 1, host: "test", blasCore: "none")

func bytes(_ count: Int, seed: Int = 1) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761 &+ seed) >> 7) }
}

func reference(_ bytes: [UInt8], _ kind: ArtifactKind = .head) -> ArtifactReference {
    ArtifactReference(id: ArtifactID(rawValue: Digest(of: bytes)), kind: kind, byteCount: bytes.count)
}

/// The files of the model and of the data that assignments are about, by their names in a manifest.
enum InputFiles {
    static let model = ["config.json": bytes(300), "model.safetensors": bytes((1 << 20) + 3)]
    static let data = ["train/1/train.tsv": bytes(50), "dev/1/dev.tsv": bytes(60, seed: 2)]

    static let task = TaskDefinition(
        name: "cb", train: "train.tsv", dev: "dev.tsv", format: .tsv, text: .number(1), label: .number(2),
        labels: ["a", "b"], metrics: [.accuracy])

    static func manifest(_ files: [String: [UInt8]]) throws -> FileManifest {
        try FileManifest(
            files.sorted { $0.key < $1.key }.map { name, bytes in
                FileManifest.File(name: name, id: reference(bytes).id, byteCount: bytes.count)
            })
    }

    static func modelContent() throws -> Digest { try manifest(model).modelContent ?? Digest(of: [0]) }
    static func dataContent() throws -> Digest { try manifest(data).content(asDataOf: task) ?? Digest(of: [0]) }

    /// Writes both as a host has them that need not ask for them.
    static func write(to folder: TemporaryFolder) throws {
        for name in ["model", "data"] { try Directory.make(folder[name]) }
        for (name, bytes) in model { try Data(bytes).write(to: URL(filePath: folder["model/\(name)"])) }
        for (name, bytes) in data { try Data(bytes).write(to: URL(filePath: folder["data/\(Path.name(of: name))"])) }
    }
}

func assignment(seed: UInt64 = 1, attempt: Int = 1, inputs: [ArtifactReference] = []) throws -> Assignment {
    let task = InputFiles.task
    let (model, data) = (try InputFiles.modelContent(), try InputFiles.dataContent())
    let specification = StageSpecification(backbone: model, task: data, recipe: Recipe(), seed: seed)
    let planned = PlannedStage(
        key: try specification.key(), specification: specification, task: task.name, label: "test/1", outputs: [.head])
    return Assignment(
        planned: planned, attempt: Attempt(rawValue: attempt),
        model: ModelLocation(name: "m", path: "/nowhere/model", content: model), task: task, dataDirectory: "/nowhere",
        inputs: inputs)
}

/// A worker group of one rank, on a thread of its own.
final class RunningWorker: Sendable {
    let workDirectory: String
    private let folder: TemporaryFolder
    private let state = Mutex<(hasEnded: Bool, error: (any Error)?, shouldLeave: Bool)>((false, nil, false))

    /// - Parameter hasInputs: whether the model and the data are on this host.
    init(
        _ endpoint: Endpoint, patience: Patience = quick, in workDirectory: String? = nil, hasInputs: Bool = true,
        communicator: @escaping @Sendable () -> any Communicator = { SoloCommunicator() },
        _ body: @escaping @Sendable (StageJob, any StageObserver) throws(StageFailure) -> StageOutcome,
        changing: @escaping @Sendable (inout WorkerSettings) -> Void = { _ in }
    ) throws {
        folder = try TemporaryFolder()
        let (inputs, directory) = (folder.path, workDirectory ?? folder["work"])
        self.workDirectory = directory
        if hasInputs { try InputFiles.write(to: folder) }
        Thread { [self] in
            var settings = WorkerSettings(coordinator: endpoint, workDirectory: directory, node: node)
            settings.patience = patience
            if hasInputs {
                settings.modelDirectory = "\(inputs)/model"
                settings.dataDirectory = "\(inputs)/data"
            }
            changing(&settings)
            let group = WorkerGroup(
                communicator: communicator(), runner: FakeRunner(body), settings: settings,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            do {
                try group.run(until: { self.state.withLock { $0.shouldLeave } })
                state.withLock { $0.hasEnded = true }
            } catch {
                state.withLock { ($0.hasEnded, $0.error) = (true, error) }
            }
        }.start()
    }

    var hasEnded: Bool { state.withLock { $0.hasEnded } }
    var error: WorkerError? { ending as? WorkerError }
    var ending: (any Error)? { state.withLock { $0.error } }
    func leave() { state.withLock { $0.shouldLeave = true } }

    func waitForEnd() -> Bool { eventually { hasEnded } }
}

/// Repeats early, so that tests of lost messages are short.
let quick: Patience = {
    var patience = Patience()
    patience.answer = .milliseconds(150)
    patience.upload = patience.answer
    patience.retry = .milliseconds(20)
    patience.neighbour = .milliseconds(50)
    patience.firstAnswer = .seconds(60)
    return patience
}()

func curve(ofSteps steps: Int) -> TrainingCurve {
    var curve = TrainingCurve()
    for step in 1...steps {
        curve.add(.init(step: step, loss: 0.5, learningRate: 1e-3, gradientNorm: 1, tokens: 64, seconds: 0.5))
    }
    return curve
}

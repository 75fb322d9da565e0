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

func assignment(seed: UInt64 = 1, attempt: Int = 1, inputs: [ArtifactReference] = []) throws -> Assignment {
    let digest = Digest(of: [0])
    let specification = StageSpecification(backbone: digest, task: digest, recipe: Recipe(), seed: seed)
    let task = TaskDefinition(
        name: "cb", train: "train.tsv", dev: "dev.tsv", format: .tsv, text: .number(1), label: .number(2),
        labels: ["a", "b"], metrics: [.accuracy])
    let planned = PlannedStage(
        key: try specification.key(), specification: specification, task: task.name, label: "test/1", outputs: [.head])
    return Assignment(
        planned: planned, attempt: Attempt(rawValue: attempt),
        model: ModelLocation(name: "m", path: "model", content: digest), task: task, dataDirectory: "data",
        inputs: inputs)
}

/// A worker group of one rank, on a thread of its own.
final class RunningWorker: Sendable {
    let workDirectory: String
    private let folder: TemporaryFolder?
    private let state = Mutex<(hasEnded: Bool, error: (any Error)?, shouldLeave: Bool)>((false, nil, false))

    init(
        _ endpoint: Endpoint, patience: Patience = quick, in workDirectory: String? = nil,
        communicator: @escaping @Sendable () -> any Communicator = { SoloCommunicator() },
        _ body: @escaping @Sendable (StageJob, any StageObserver) throws(StageFailure) -> StageOutcome
    ) throws {
        folder = workDirectory == nil ? try TemporaryFolder() : nil
        let directory = workDirectory ?? folder?.path ?? "."
        self.workDirectory = directory
        Thread { [self] in
            var settings = WorkerSettings(coordinator: endpoint, workDirectory: directory, node: node)
            settings.patience = patience
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
    patience.retry = .milliseconds(20)
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

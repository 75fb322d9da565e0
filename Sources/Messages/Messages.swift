// The whole wire between workers and the coordinator. A message is one ZeroMQ multipart message: a frame of canonical
// JSON and, where its comment says so, one frame of raw bytes. Whoever sends a message may send it again; receivers
// treat a repetition as the same fact. Raise `protocolVersion` with every change.
//
//     worker                                   coordinator
//       hello ─────────────────────────────────▶
//       ◀───────────────────────────────── welcome | turnedAway
//       ready ─────────────────────────────────▶         repeated until an answer other than `idle` comes
//       ◀─────────────────────────── assign | idle | dismissed
//       list(content) ─────────────────────────▶         where the model or the data are not on the worker's host
//       ◀─────────────────────── manifest | unlisted
//       fetch(artifact, offset) ───────────────▶         for each input and listed file the worker does not hold
//       ◀──────────────────────── chunk + bytes
//       heartbeat, evaluated, curve, log ──────▶         while it trains
//       ◀──────────────────────── renewed | stop
//       offer(artifact) ───────────────────────▶         for each artifact that the result must have
//       ◀────────────── received(artifact, upTo)         where the upload goes on
//       upload(artifact, offset) + bytes ──────▶
//       finished | failed ─────────────────────▶         repeated until settled
//       ◀──────────────────────────────── settled

package import Experiments
package import Files

/// The version both sides must speak, and train by; compared in `hello`.
package let protocolVersion =
    "headstart/9 training/\(Precision.fp32.semanticsVersion)/\(Precision.bf16.semanticsVersion)"

/// The most bytes of an artifact that one message carries.
package let chunkByteLimit = 1 << 20

/// The largest artifact that is published to all workers unasked; larger ones are fetched by those who need them.
package let broadcastByteLimit = 16 << 20

/// The longest JSON frame anyone accepts.
package let controlByteLimit = 1 << 20

/// What a worker group is handed: one attempt at one stage.
package struct Assignment: Codable, Hashable, Sendable {
    package let planned: PlannedStage
    package let attempt: Attempt
    package let model: ModelLocation
    package let task: TaskDefinition
    package let dataDirectory: String
    /// An artifact for each of the specification's inputs.
    package let inputs: [ArtifactReference]
    /// In how many times more parts than the recipe says a batch is worked off, since it took too much memory: 1, 2, 4,
    /// ... Its sums are rounded otherwise then.
    package let batchParts: Int

    package init(
        planned: PlannedStage, attempt: Attempt, model: ModelLocation, task: TaskDefinition, dataDirectory: String,
        inputs: [ArtifactReference], batchParts: Int = 1
    ) {
        self.planned = planned
        self.attempt = attempt
        self.model = model
        self.task = task
        self.dataDirectory = dataDirectory
        self.inputs = inputs
        self.batchParts = batchParts
    }

    package var stage: StageKey { planned.key }
}

/// What the host of a worker allows it; nil where it sets no limit.
package struct WorkerLimits: Codable, Hashable, Sendable {
    /// From now on, until it ends the worker, as batch systems do.
    package var secondsLeft: Double?
    /// The memory that each of the worker's processes may take.
    package var memoryBytes: Int?

    package init(secondsLeft: Double? = nil, memoryBytes: Int? = nil) {
        self.secondsLeft = secondsLeft
        self.memoryBytes = memoryBytes
    }
}

/// One attempt at one stage, as both sides name it.
package struct Claim: Codable, Hashable, Sendable {
    package let stage: StageKey
    package let attempt: Attempt

    package init(_ stage: StageKey, _ attempt: Attempt) {
        self.stage = stage
        self.attempt = attempt
    }
}

extension Assignment {
    package var claim: Claim { Claim(planned.key, attempt) }
}

/// What a worker says.
package struct FromWorker: Codable, Hashable, Sendable {
    package let worker: WorkerID
    package let body: Body

    package init(_ body: Body, from worker: WorkerID) {
        self.worker = worker
        self.body = body
    }

    package enum Body: Codable, Hashable, Sendable {
        /// The first message of a worker's life, and the first after it has lost the coordinator.
        case hello(version: String, node: NodeSettings, limits: WorkerLimits? = nil)
        /// Asks for work.
        case ready
        /// Renews the lease of the attempt.
        case heartbeat(claim: Claim, progress: StageProgress?)
        case evaluated(claim: Claim, evaluation: Evaluation)
        /// The training of the attempt so far, all of it: the longest that comes counts.
        case curve(claim: Claim, curve: TrainingCurve)
        /// Lines of the attempt's log from this byte on.
        case log(claim: Claim, offset: Int, text: String)
        /// Asks for the files of the model or the data that stages are planned with by this digest.
        case list(content: Digest)
        /// Asks for the bytes of an artifact, or of a file that was listed, from this offset on. A repetition is answered
        /// only once the first answer cannot be under way any more.
        case fetch(artifact: ArtifactID, offset: Int)
        /// Announces an artifact of the attempt's result; the answer says from which byte to upload.
        case offer(claim: Claim, artifact: ArtifactReference)
        /// Carries a frame of raw bytes.
        case upload(artifact: ArtifactID, offset: Int)
        case finished(claim: Claim, result: StageResult)
        case failed(claim: Claim, failure: StageFailure)
        /// The worker leaves on purpose; what it holds goes back without counting against the stage.
        case goodbye

        package static func isName(_ name: String) -> Bool { CodingKeys(stringValue: name) != nil }
    }
}

package enum ToWorker: Codable, Hashable, Sendable {
    case welcome(heartbeatMilliseconds: Int64)
    /// The worker must not try again.
    case turnedAway(reason: String)
    case assign(Assignment)
    /// Nothing to do now; ask again after this time. It may change while the worker rests: 0 where something has come up.
    case idle(askAgainMilliseconds: Int64)
    /// Nothing more to do; the worker ends.
    case dismissed
    case renewed(claim: Claim)
    /// The attempt is no longer the current one, or was cancelled: stop at the next step.
    case stop(claim: Claim, reason: String)
    /// The files of a model or of data. Whoever hears it checks that the digest follows from them.
    case manifest(content: Digest, files: FileManifest)
    /// The coordinator has not the files of the model or the data, or not those of the plan any more.
    case unlisted(content: Digest, reason: String)
    /// Carries a frame of raw bytes of the artifact or file, `byteCount` of them from the offset on.
    case chunk(artifact: ArtifactID, offset: Int, byteCount: Int)
    /// The artifact is not in the store. To a worker that uploads it: offer it again.
    case missing(artifact: ArtifactID)
    /// The coordinator holds the artifact up to this byte. It may come unasked, as an answer to a `finished` whose
    /// artifacts are not all in the store: the worker uploads from there and says `finished` again.
    case received(artifact: ArtifactID, upTo: Int)
    /// The attempt's end is in the ledger, or was refused for the reason given; either way the worker is done with it.
    case settled(claim: Claim, refusal: String?)
    /// The coordinator does not know the worker: say hello again.
    case unknownWorker

    package static func isName(_ name: String) -> Bool { CodingKeys(stringValue: name) != nil }
}

/// What is published to all workers at once. A subscriber may miss any of it, so none of it is needed.
package enum Broadcast: Codable, Hashable, Sendable {
    /// Carries the whole artifact as a frame of raw bytes.
    case published(ArtifactReference)
    /// The stage has ended: what a worker keeps for another attempt at it can go.
    case ended(stage: StageKey)

    package static func isName(_ name: String) -> Bool { CodingKeys(stringValue: name) != nil }
}

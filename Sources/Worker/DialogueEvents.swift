package import Experiments
package import Files
package import Messages

/// What a dialogue hears of.
package enum DialogueEvent: Sendable {
    /// Time has passed.
    case tick
    /// What the coordinator says; a chunk comes with its bytes.
    case message(ToWorker, bytes: [UInt8])
    /// The message could not be sent now.
    case unsent(FromWorker.Body)
    /// The message cannot be written down, so that it will never be sent: it is too long, or a number in it is not finite.
    case unencodable(FromWorker.Body, reason: String)
    case report(Report)
    /// A line that a rank of the group wrote. It may come from a library's own thread while the group hangs.
    case said(String)
    /// The curve of the attempt that is trained has grown.
    case drew(TrainingCurve)
    /// The group made a step, or did a part of something longer that has none.
    case worked(StageProgress?)
    /// Whether a model or data lie where they should on this host.
    case found(Digest, Finding)
    /// How much of a file lies in this host's cache.
    case stands(ArtifactID, ContentStore.Reception)
    /// The disk refused what the last effect asked for.
    case diskFailed(StageFailure)
    /// The worker is asked to leave.
    case leave
    /// The coordinator lets this worker never in.
    case refused(WorkerError)
    /// Why the coordinator may stay silent.
    case doubted(WorkerError)
}

/// What the shell is told to do, in this order.
package enum DialogueEffect: Sendable {
    /// An upload goes out with its bytes, as many as a message carries.
    case send(FromWorker.Body)
    /// Say whether the source's directory has its files.
    case find(InputSource)
    /// Say how much of the file lies in the cache.
    case resume(WantedFile)
    /// Keep the bytes, and say how much lies there then.
    case store([UInt8], of: WantedFile, at: Int)
    case train(Assignment, [Provision])
    /// Let the stage's checkpoint go: its result is safe.
    case forget(StageKey)
    /// Let the training that goes on end after its next step.
    case stopTraining
    case end(Ending)
    case log(Level, String, [String: String])
    /// Send a tick at this time; the last one said counts.
    case wakeAt(Duration)

    package enum Level: Sendable {
        case debug, info, warning
    }
}

/// What a host has of a model or of data.
package enum Finding: Sendable {
    case here(FileManifest)
    case absent(reason: String)
    /// Files of other bytes, which are not to be used.
    case different(reason: String)
}

/// What the group says about the attempt that it trains.
package enum Report: Sendable {
    case evaluated(Evaluation)
    case noted(String)
    /// The artifacts lie in the store.
    case trained(StageResult)
    case failed(StageFailure)
}

/// How a worker's life ends.
package enum Ending: Equatable, Sendable {
    /// The coordinator has nothing more to do.
    case dismissed
    /// A signal asked the worker to leave.
    case stopped
    case failed(WorkerError)
}

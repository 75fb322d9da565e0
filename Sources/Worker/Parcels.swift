package import Experiments
import Messages

/// What an attempt needs and may not be on this host yet: the files of its model and data, unless they lie in a directory
/// here, and the artifacts it starts from.
struct Download: Sendable {
    /// Those of which it is not known yet where their files are, the one under way first.
    var sources: [InputSource]
    /// Whether the first of them is not on this host, so that the coordinator is to list its files.
    var asksForList = false
    /// Those of which it is known.
    var provisions: [Provision] = []
    /// Files that are still to come, the one under way first.
    var missing: [WantedFile]
    /// Bytes of the first one that are here; nil until the disk has said so.
    var offset: Int?
    /// When to look again for a file that another process of this host fetches.
    var lookAt: Duration?
    /// Times that what came was not what was announced.
    var damages = 0
    /// Times that a file that was listed was not to be had.
    var losses = 0

    init(for assignment: Assignment, _ settings: WorkerSettings) {
        sources = assignment.sources(settings)
        missing = assignment.inputs.map { WantedFile(id: $0.id, byteCount: $0.byteCount) }
    }

    var next: WantedFile? { missing.first }

    /// The first source's files are these.
    mutating func provide(_ manifest: FileManifest, isHere: Bool) {
        let source = sources.removeFirst()
        asksForList = false
        provisions.append(Provision(source: source, manifest: manifest))
        guard !isHere else { return }
        for file in manifest.files {
            let wanted = WantedFile(id: file.id, byteCount: file.byteCount)
            if !missing.contains(wanted) { missing.append(wanted) }
        }
    }

    /// What has been listed with this file in it.
    func provision(listing file: ArtifactID) -> Provision? {
        provisions.first { $0.manifest.files.contains { $0.id == file } }
    }

    /// What was listed is not to be had so: it is to be listed once more.
    mutating func listAgain(_ provision: Provision) {
        provisions.removeAll { $0 == provision }
        sources.insert(provision.source, at: 0)
        (asksForList, offset) = (true, nil)
    }
}

/// A file to have on this host, known by the digest of its bytes.
package struct WantedFile: Hashable, Sendable {
    package let id: ArtifactID
    package let byteCount: Int
}

/// What a group is given of a model or of data: each of its hosts takes the source's directory where the right files lie in
/// it, and the cache otherwise.
package struct Provision: Codable, Hashable, Sendable {
    package let source: InputSource
    package let manifest: FileManifest
}

extension Assignment {
    /// The model and the data of the attempt, where this host should have them.
    fileprivate func sources(_ settings: WorkerSettings) -> [InputSource] {
        [
            .model(model).moved(to: settings.modelDirectory),
            .data(task, content: planned.specification.task, directory: dataDirectory)
                .moved(to: settings.dataDirectory),
        ]
    }
}

/// The result of an attempt on its way to the coordinator.
struct Parcel: Sendable {
    let result: StageResult
    /// For each artifact, up to which byte the coordinator holds it; nil before it was offered.
    var items: [(artifact: ArtifactReference, upTo: Int?)]

    /// - Parameter dispensable: kinds that are sent only where the coordinator asks for them: as long as it does not, they
    ///   count as sent.
    init(_ result: StageResult, dispensable: Set<ArtifactKind> = []) {
        self.result = result
        items = result.artifacts.map { ($0, dispensable.contains($0.kind) ? $0.byteCount : nil) }
    }

    /// The first artifact that the coordinator does not hold whole.
    var next: (artifact: ArtifactReference, upTo: Int?)? {
        items.first { item in item.upTo.map { $0 < item.artifact.byteCount } ?? true }
    }

    /// - Returns: whether that is something new.
    mutating func holds(_ id: ArtifactID, upTo: Int?) -> Bool {
        guard let index = items.firstIndex(where: { $0.artifact.id == id }) else { return false }
        let bounded = upTo.map { min(max(0, $0), items[index].artifact.byteCount) }
        guard items[index].upTo != bounded else { return false }
        items[index].upTo = bounded
        return true
    }
}

/// Evaluations, training curve and log lines of the attempt that is held.
struct News: Sendable {
    private var evaluations: [Evaluation] = []
    private(set) var curve = TrainingCurve()
    private var log: [UInt8] = []
    private var told = Told()
    /// What had been told before the last messages were made.
    private var toldBefore = Told()

    private struct Told {
        var evaluations = 0
        var curveSteps = 0
        var logBytes = 0
    }

    mutating func add(_ evaluation: Evaluation) { evaluations.append(evaluation) }

    /// In place of a shorter one.
    mutating func add(_ curve: TrainingCurve) { self.curve = curve }

    /// Adds a line, for as long as the log is not too long to be kept.
    mutating func add(_ line: String) {
        guard log.count < logByteLimit else { return }
        log += line.utf8.prefix(lineByteLimit).map { $0 == newline ? space : $0 } + [newline]
    }

    mutating func tellAgain() { told = Told() }

    /// Whether something has not been told yet.
    var isWaiting: Bool {
        told.evaluations < evaluations.count || told.curveSteps < curve.steps || told.logBytes < log.count
    }

    /// The next that has not been told yet, as messages: no more than leave room on the connection for all else. It
    /// counts as told unless it is taken back.
    mutating func tell(_ claim: Claim) -> [FromWorker.Body] {
        toldBefore = told
        let next = evaluations[told.evaluations...].prefix(messageLimit)
        var messages = next.map { FromWorker.Body.evaluated(claim: claim, evaluation: $0) }
        told.evaluations = next.endIndex
        if told.curveSteps < curve.steps, messages.count < messageLimit {
            messages.append(.curve(claim: claim, curve: curve))
            told.curveSteps = curve.steps
        }
        while told.logBytes < log.count, messages.count < messageLimit {
            let end = told.logBytes + wholeLines(from: told.logBytes)
            let text = String(decoding: log[told.logBytes..<end], as: UTF8.self)
            messages.append(.log(claim: claim, offset: told.logBytes, text: text))
            told.logBytes = end
        }
        return messages
    }

    /// The last messages could not all be sent.
    mutating func takeBack() {
        told.evaluations = min(told.evaluations, toldBefore.evaluations)
        told.curveSteps = min(told.curveSteps, toldBefore.curveSteps)
        told.logBytes = min(told.logBytes, toldBefore.logBytes)
    }

    /// The bytes of as many lines as one message takes: lines end there, so no character is cut.
    private func wholeLines(from start: Int) -> Int {
        let end = min(log.count, start + messageByteLimit)
        let last = log[start..<end].lastIndex(of: newline) ?? end - 1
        return last + 1 - start
    }
}

/// A good part of what a socket lets wait.
private let messageLimit = 64
private let newline = UInt8(ascii: "\n")
private let space = UInt8(ascii: " ")
private let logByteLimit = 4 << 20
private let lineByteLimit = 8 << 10
/// JSON may write a byte as six characters, and a frame holds `controlByteLimit`.
private let messageByteLimit = 128 << 10

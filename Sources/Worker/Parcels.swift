import Experiments
import Messages

/// The artifacts an attempt starts from that are not on this host yet.
struct Download {
    /// Those that are still to come, the one under way first.
    var missing: [ArtifactReference]
    /// Bytes of the first one that are here.
    var offset = 0
    /// Times that what came was not what was announced.
    var damages = 0

    var next: ArtifactReference? { missing.first }
}

/// The result of an attempt on its way to the coordinator.
struct Parcel {
    let result: StageResult
    /// For each artifact, up to which byte the coordinator holds it; nil before it was offered.
    var items: [(artifact: ArtifactReference, upTo: Int?)]

    init(_ result: StageResult) {
        self.result = result
        items = result.artifacts.map { ($0, nil) }
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

/// Evaluations and log lines of the attempt that is held.
struct News {
    private var evaluations: [Evaluation] = []
    private var log: [UInt8] = []
    private var evaluationsTold = 0
    private var logBytesTold = 0
    /// What `next` has handed out.
    private var underWay = 0

    mutating func add(_ evaluation: Evaluation) { evaluations.append(evaluation) }

    /// Adds a line, for as long as the log is not too long to be kept.
    mutating func add(_ line: String) {
        guard log.count < logByteLimit else { return }
        log += line.utf8.prefix(lineByteLimit).map { $0 == newline ? space : $0 } + [newline]
    }

    mutating func tellAgain() { (evaluationsTold, logBytesTold) = (0, 0) }

    /// What has not been told yet, as a message; `wasTold` is to follow when it was sent.
    mutating func next(_ claim: Claim) -> FromWorker.Body? {
        if evaluationsTold < evaluations.count {
            return .evaluated(claim: claim, evaluation: evaluations[evaluationsTold])
        }
        guard logBytesTold < log.count else { return nil }
        underWay = wholeLines(from: logBytesTold)
        let text = String(decoding: log[logBytesTold..<logBytesTold + underWay], as: UTF8.self)
        return .log(claim: claim, offset: logBytesTold, text: text)
    }

    mutating func wasTold() {
        if evaluationsTold < evaluations.count { evaluationsTold += 1 } else { logBytesTold += underWay }
    }

    /// The bytes of as many lines as one message takes: lines end there, so no character is cut.
    private func wholeLines(from start: Int) -> Int {
        let end = min(log.count, start + messageByteLimit)
        let last = log[start..<end].lastIndex(of: newline) ?? end - 1
        return last + 1 - start
    }
}

private let newline = UInt8(ascii: "\n")
private let space = UInt8(ascii: " ")
private let logByteLimit = 4 << 20
private let lineByteLimit = 8 << 10
/// JSON may write a byte as six characters, and a frame holds `controlByteLimit`.
private let messageByteLimit = 128 << 10

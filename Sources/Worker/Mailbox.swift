import Dispatch
import Experiments
import Messages
import Synchronization
import Training
import Transport

/// What the network thread tells the main thread to do.
enum Order: Sendable {
    case train(Assignment, [Provision])
    case end(Ending)
}

/// Between the two threads of rank 0: the main thread, which trains, and the network thread, which never does.
final class Mailbox: Sendable {
    /// Rings when a report waits.
    let bell: Bell
    private let contents = Mutex(Contents())
    private let ordersWaiting = DispatchSemaphore(value: 0)

    private struct Contents {
        var orders: [Order] = []
        var reports: [Report] = []
        var progress: StageProgress?
        /// Since one was last taken.
        var curve: TrainingCurve?
        /// Whether the group did something since that was last asked.
        var hasWorked = false
        var shouldStop = false
    }

    init() throws(TransportError) { bell = try Bell() }

    // MARK: The network thread

    func give(_ order: Order) {
        contents.withLock { contents in
            contents.orders.append(order)
            if case .train = order { (contents.shouldStop, contents.progress, contents.curve) = (false, nil, nil) }
        }
        ordersWaiting.signal()
    }

    /// Lets the attempt that is being trained end after its next step.
    func stopTraining() { contents.withLock { $0.shouldStop = true } }

    func takeReports() -> [Report] {
        bell.silence()
        return contents.withLock { contents in
            defer { contents.reports = [] }
            return contents.reports
        }
    }

    func takeProgress() -> (hasWorked: Bool, progress: StageProgress?) {
        contents.withLock { contents in
            defer { contents.hasWorked = false }
            return (contents.hasWorked, contents.progress)
        }
    }

    /// What has been drawn since this was last asked; nil for nothing.
    func takeCurve() -> TrainingCurve? {
        contents.withLock { contents in
            defer { contents.curve = nil }
            return contents.curve
        }
    }

    // MARK: The main thread

    func nextOrder() -> Order {
        while true {
            ordersWaiting.wait()
            let order = contents.withLock { $0.orders.isEmpty ? nil : $0.orders.removeFirst() }
            if let order { return order }
        }
    }

    func post(_ report: Report) {
        contents.withLock { $0.reports.append(report) }
        bell.ring()
    }

    func progressed(_ progress: StageProgress) {
        contents.withLock { ($0.progress, $0.hasWorked) = (progress, true) }
    }

    func drew(_ curve: TrainingCurve) { contents.withLock { $0.curve = curve } }

    func worked() { contents.withLock { $0.hasWorked = true } }

    var shouldStop: Bool { contents.withLock { $0.shouldStop } }
}

/// Passes on what the trainer says.
final class MailObserver: StageObserver {
    private let mailbox: Mailbox
    private var tokensPerSecond = 0.0

    init(_ mailbox: Mailbox) { self.mailbox = mailbox }

    func progressed(step: Int, of steps: Int, loss: Double, tokensPerSecond: Double) {
        self.tokensPerSecond = tokensPerSecond
        mailbox.progressed(StageProgress(step: step, steps: steps, loss: loss, tokensPerSecond: tokensPerSecond))
    }

    func evaluated(_ evaluation: Evaluation) {
        mailbox.post(.evaluated(evaluation))
        mailbox.post(.noted("\(evaluation)  \(Int(tokensPerSecond)) tokens/s"))
    }

    func drew(_ curve: TrainingCurve) { mailbox.drew(curve) }
    func noted(_ sentence: String) { mailbox.post(.noted(sentence)) }
    func worked() { mailbox.worked() }
    var shouldStop: Bool { mailbox.shouldStop }
}

/// For the ranks that say nothing.
final class SilentObserver: StageObserver {
    func progressed(step: Int, of steps: Int, loss: Double, tokensPerSecond: Double) {}
    func evaluated(_ evaluation: Evaluation) {}
    func noted(_ sentence: String) {}
    func worked() {}
    var shouldStop: Bool { false }
}

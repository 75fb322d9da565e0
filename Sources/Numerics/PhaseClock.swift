import Synchronization

/// What the seconds of a training step go to.
package enum Phase: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
    case embedding
    /// Operands laid out for products, and rounded.
    case packing
    /// Products with the layers' weights, and their two gradients.
    case forwardProducts = "products, forward"
    case inputGradients = "products, gradient of input"
    case weightGradients = "products, gradient of weight"
    case biasGradients = "gradient of bias"
    case attention
    /// Dropout, the residual sum and LayerNorm, which are one pass over memory.
    case normalization
    case activation
    case adapters
    case head
    case optimizer
    case allreduce
    case evaluation
    /// Whatever no other phase claims: data, batches, rules, checkpoints.
    case other
}

/// Adds up the seconds of each phase. A phase inside another one is not counted with it, so that all sum to the whole.
package final class PhaseClock {
    package struct Reading: Equatable, Sendable {
        package var seconds: Double
        /// Of all threads together, while they wait for a phase's last ones.
        package var waitingSeconds: Double
        /// Multiplications and additions of products, in 10^9.
        package var gigaflop: Double
        /// Read and written by loops over memory, were nothing in a cache; 0 where nobody counts them.
        package var gigabytes: Double

        package init(
            seconds: Double = 0, waitingSeconds: Double = 0, gigaflop: Double = 0, gigabytes: Double = 0
        ) {
            self.seconds = seconds
            self.waitingSeconds = waitingSeconds
            self.gigaflop = gigaflop
            self.gigabytes = gigabytes
        }
    }

    private var readings = [Reading](repeating: Reading(), count: Phase.allCases.count)
    private var phase = Phase.other
    private var mark = ContinuousClock.now
    /// Nanoseconds in which threads were at work since the round began.
    private let atWork = Atomic<Int>(0)

    /// Whether all that goes on is the evaluation, whatever it consists of.
    private var isEvaluating = false

    package init() {}

    /// Of all phases; that which goes on counts up to now.
    package func read() -> [Phase: Reading] {
        _ = enter(phase)
        return Dictionary(uniqueKeysWithValues: zip(Phase.allCases, readings))
    }

    /// - Returns: the phase that goes on afterwards.
    func enter(_ next: Phase) -> Phase {
        let now = ContinuousClock.now
        readings[current].seconds += Self.seconds(mark.duration(to: now))
        mark = now
        defer { phase = next }
        return phase
    }

    func evaluate<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = enter(.evaluation)
        isEvaluating = true
        defer {
            _ = enter(before)
            isEvaluating = false
        }
        return try body()
    }

    private var current: Int { Self.place(isEvaluating ? .evaluation : phase) }

    func count(gigaflop: Double) { readings[current].gigaflop += gigaflop }
    func count(bytes: Int) { readings[current].gigabytes += Double(bytes) / 1e9 }

    /// Counts a thread's time within a round; called by all of them at once.
    func work(_ body: () -> Void) {
        let begin = ContinuousClock.now
        body()
        let nanoseconds = Int(Self.seconds(begin.duration(to: .now)) * 1e9)
        atWork.add(nanoseconds, ordering: .relaxed)
    }

    /// Counts how long threads waited within a round, from its first item to its last.
    func round(threads: Int, _ body: () -> Void) {
        atWork.store(0, ordering: .relaxed)
        let begin = ContinuousClock.now
        body()
        let whole = Self.seconds(begin.duration(to: .now)) * Double(threads)
        readings[current].waitingSeconds += max(0, whole - Double(atWork.load(ordering: .relaxed)) * 1e-9)
    }

    private static func place(_ phase: Phase) -> Int { Phase.allCases.firstIndex(of: phase)! }

    private static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
}

extension Compute {
    /// Runs `body` as a phase of its own, where somebody counts.
    @inline(__always)
    package func phase<Result>(
        _ phase: Phase, bytes: @autoclosure () -> Int = 0, gigaflop: @autoclosure () -> Double = 0,
        _ body: () throws -> Result
    ) rethrows -> Result {
        guard let clock else { return try body() }
        let before = clock.enter(phase)
        defer { _ = clock.enter(before) }
        clock.count(bytes: bytes())
        clock.count(gigaflop: gigaflop())
        return try body()
    }

    /// Runs `body` as the evaluation, of which no phase is counted apart.
    package func evaluating<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard let clock else { return try body() }
        return try clock.evaluate(body)
    }
}

import Foundation
import Numerics
import Testing

struct PhaseClockTests {
    private let compute = Compute(threads: 2)
    private let clock = PhaseClock()

    init() { compute.clock = clock }

    @Test func `a phase inside another one is not counted with it`() {
        let whole = ContinuousClock().measure {
            compute.clock = PhaseClock()
            compute.phase(.attention) { compute.phase(.packing) { Thread.sleep(forTimeInterval: 0.05) } }
        }
        let read = compute.clock!.read()
        #expect(read[.packing]!.seconds >= 0.05)
        #expect(read.values.reduce(0) { $0 + $1.seconds } < whole / .seconds(1) + 0.02)
    }

    @Test func `an evaluation is one phase, whatever it consists of`() {
        compute.evaluating { compute.phase(.attention) { Thread.sleep(forTimeInterval: 0.01) } }
        compute.phase(.head) { Thread.sleep(forTimeInterval: 0.01) }
        let read = clock.read()
        #expect(read[.evaluation]!.seconds >= 0.01 && read[.head]!.seconds >= 0.01)
        #expect(read[.attention]!.seconds == 0)
    }

    @Test func `what products multiply and loops move is counted where it happens`() {
        let (left, right) = (FloatBuffer(count: 50 * 30), FloatBuffer(count: 30 * 20))
        let result = FloatBuffer(count: 50 * 20)
        compute.phase(.forwardProducts, bytes: 700) {
            compute.multiply(
                Matrix(left.start, rows: 50, columns: 30), Matrix(right.start, rows: 30, columns: 20),
                into: MutableMatrix(result.start, rows: 50, columns: 20))
        }
        let read = clock.read()[.forwardProducts]!
        #expect(abs(read.gigaflop - 2 * 50 * 30 * 20 / 1e9) < 1e-15 && abs(read.gigabytes - 7e-7) < 1e-15)
        withExtendedLifetime((left, right, result)) {}
    }

    @Test func `a thread without work waits for the others`() {
        compute.phase(.activation) {
            compute.forEach(2) { items in
                if items.contains(0) { Thread.sleep(forTimeInterval: 0.1) }
            }
        }
        let read = clock.read()[.activation]!
        #expect(read.waitingSeconds > 0.05 && read.waitingSeconds < 2 * read.seconds)
    }
}

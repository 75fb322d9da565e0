import CKernels
import Foundation
import Synchronization
import Testing

/// One head of attention against its definition in double precision.
struct AttentionTests {
    struct Case: CustomTestStringConvertible {
        let queries, tokens, size: Int
        let probability: Double
        var testDescription: String { "\(queries) queries, \(tokens) tokens of \(size), dropout \(probability)" }
    }

    static let cases = [
        Case(queries: 1, tokens: 1, size: 9, probability: 0), Case(queries: 13, tokens: 13, size: 32, probability: 0),
        Case(queries: 13, tokens: 13, size: 32, probability: 0.2),
        Case(queries: 1, tokens: 40, size: 9, probability: 0.2),
        Case(queries: 35, tokens: 35, size: 64, probability: 0.2),
        Case(queries: 130, tokens: 130, size: 20, probability: 0),
        Case(queries: 1, tokens: 200, size: 32, probability: 0.2),
        Case(queries: 150, tokens: 163, size: 32, probability: 0.2),
    ]

    @Test(arguments: cases)
    func `forward is softmax of the scaled scores times the values`(test: Case) {
        let head = TestHead(test)
        #expect(largestDifference(head.forward().context, head.plainContext(head.q, head.k, head.v)) < 2e-6)
    }

    @Test func `long sequences keep nothing, short ones what is cheaper to read than to compute`() {
        #expect(attention_kept(128, 128) == 128 * 128 && attention_kept(1, 20) == 32)
        #expect(attention_kept(129, 129) == 0 && attention_kept(1, 512) == 0)
    }

    /// A row of the context is computed of its query alone: in blocks it has the same bits.
    @Test(arguments: [0, 0.2])
    func `what is computed in blocks is the same`(probability: Double) {
        let head = TestHead(Case(queries: 140, tokens: 140, size: 32, probability: probability))
        #expect(head.forward().context == head.forwardInBlocks())
        let (whole, blocks) = (head.backward(), head.backwardInBlocks())
        #expect(whole.q == blocks.q)
        for (one, other) in [(whole.k, blocks.k), (whole.v, blocks.v)] {
            #expect(zip(one, other).allSatisfy { abs($0 - $1) < 1e-5 })
            #expect(one != other, "sums over blocks of queries are rounded otherwise")
        }
    }

    @Test func `a sequence of any length needs no stack to speak of`() throws {
        let head = TestHead(Case(queries: 1, tokens: 20_000, size: 16, probability: 0))
        let expected = head.plainContext(head.q, head.k, head.v)
        let context = Mutex<[Float]>([])
        let hasEnded = DispatchSemaphore(value: 0)
        let thread = Thread {
            context.withLock { $0 = head.forwardInBlocks() }
            _ = head.backwardInBlocks()
            hasEnded.signal()
        }
        thread.stackSize = 512 << 10
        thread.start()
        try #require(hasEnded.wait(timeout: .now() + 60) == .success)
        #expect(largestDifference(context.withLock { $0 }, expected) < 1e-5)
    }

    /// The loss is Σ context g; central differences of the definition in double precision, whose own error is below 1e-8.
    /// The gradients are of order 1 and below, in single precision.
    @Test(arguments: cases)
    func `backward is the derivative`(test: Case) {
        let head = TestHead(test)
        let gradients = head.backward()
        let sampled = { (count: Int) in stride(from: 0, to: count, by: max(1, count / 60)) }
        for index in sampled(head.q.count) {
            #expect(abs(Double(gradients.q[index]) - head.derivative(\.q, index)) < 1e-5)
        }
        for index in sampled(head.k.count) {
            #expect(abs(Double(gradients.k[index]) - head.derivative(\.k, index)) < 1e-5)
            #expect(abs(Double(gradients.v[index]) - head.derivative(\.v, index)) < 1e-5)
        }
    }
}

/// One head of attention whose products are of numbers rounded to bfloat16.
struct BfloatAttentionTests {
    /// Of numbers of eight bits each is off by up to 2^-9 of itself; a sum of many by less than a few of that.
    private static let tolerance = 0.01

    @Test(arguments: AttentionTests.cases)
    func `forward is attention, but for rounding`(test: AttentionTests.Case) {
        let head = TestHead(test, inBfloat: true)
        let difference = largestDifference(head.forward().context, head.plainContext(head.q, head.k, head.v))
        #expect(difference < Self.tolerance)
        #expect(difference > 1e-5, "something is rounded")
    }

    @Test(arguments: AttentionTests.cases)
    func `backward is the derivative, but for rounding`(test: AttentionTests.Case) {
        let (rounded, exact) = (TestHead(test, inBfloat: true).backward(), TestHead(test).backward())
        for part in [\.q, \.k, \.v] as [KeyPath<Gradients, [Float]>] {
            let (some, all) = (rounded[keyPath: part], exact[keyPath: part])
            let largest = all.map(abs).max() ?? 0
            #expect(zip(some, all).allSatisfy { abs($0 - $1) <= Float(Self.tolerance) * max(1, largest) })
        }
        #expect(rounded.v != exact.v)
    }

    @Test(arguments: [0, 0.2])
    func `what is computed in blocks has the same bits`(probability: Double) {
        let test = AttentionTests.Case(queries: 140, tokens: 141, size: 32, probability: probability)
        let head = TestHead(test, inBfloat: true)
        #expect(head.forward().context == head.forwardInBlocks())
        #expect(head.backward() == head.backwardInBlocks())
    }

    /// Rows, columns and depths about the borders of vectors and tiles.
    @Test func `a product has the same bits without the processor's instruction, and is the product`() {
        for (rows, columns, depth) in [(1, 1, 1), (3, 16, 5), (8, 32, 16), (13, 33, 7), (21, 47, 64)] {
            let (a, b) = (
                randomNumbers(rows * 2 * depth, stream: 1).map(rounded),
                randomNumbers(2 * depth * columns, stream: 2).map(rounded)
            )
            let width = attention_row(columns)
            let left = (0..<(rows * depth)).map { pair(a[2 * $0], a[2 * $0 + 1]) }
            let right = (0..<(depth * width)).map { place -> UInt32 in
                let (k, j) = (place / width, place % width)
                return j < columns ? pair(b[2 * k * columns + j], b[(2 * k + 1) * columns + j]) : 0
            }
            var results = [[Float]](repeating: [Float](repeating: 1, count: rows * columns), count: 2)
            left.withUnsafeBufferPointer {
                let operand = paired_rows(start: $0.baseAddress, row: depth, step: 1)
                small_bfloat_product(rows, columns, depth, operand, right, width, 0.5, true, &results[0], columns)
                small_bfloat_product_plainly(
                    rows, columns, depth, operand, right, width, 0.5, true, &results[1], columns)
            }
            #expect(results[0] == results[1])
            for place in results[0].indices {
                let (i, j) = place.quotientAndRemainder(dividingBy: columns)
                let exact = (0..<(2 * depth)).reduce(0.0) {
                    $0 + Double(a[i * 2 * depth + $1]) * Double(b[$1 * columns + j])
                }
                #expect(abs(Double(results[0][place]) - (1 + 0.5 * exact)) < 1e-4)
            }
        }
    }

    private func rounded(_ number: Float) -> Float { Float(bitPattern: number.bitPattern & 0xFFFF_0000) }
    private func pair(_ first: Float, _ second: Float) -> UInt32 {
        first.bitPattern >> 16 | second.bitPattern & 0xFFFF_0000
    }
}

private struct Gradients: Equatable {
    let q, k, v: [Float]
}

private final class TestHead: Sendable {
    let q, k, v: [Float]
    private let inBfloat: Bool
    private let g: [Float]
    private let test: AttentionTests.Case
    private let row: Int
    private let factors: [Double]
    private let firstGroup = 5

    init(_ test: AttentionTests.Case, inBfloat: Bool = false) {
        self.test = test
        self.inBfloat = inBfloat
        row = attention_row(test.tokens)
        q = randomNumbers(test.queries * test.size, stream: 1, range: 2)
        k = randomNumbers(test.tokens * test.size, stream: 2, range: 2)
        v = randomNumbers(test.tokens * test.size, stream: 3)
        g = randomNumbers(test.queries * test.size, stream: 4)
        var stream = Self.stream
        factors = (0..<(test.queries * test.tokens)).map {
            let isKept = random_bits(&stream, UInt64(64 * 5 + $0)) >= UInt32(test.probability * 0x1p32)
            return isKept ? 1 / (1 - test.probability) : 0
        }
    }

    private static let stream = random_stream(seed: 1, example: 2, step: 3, purpose: 4)
    private var scale: Double { 1 / Double(test.size).squareRoot() }

    private var shape: attention_shape {
        attention_shape(
            queries: test.queries, n: test.tokens, d: test.size, q_stride: test.size, kv_stride: test.size,
            context_stride: test.size, scale: Float(scale), in_bfloat: inBfloat)
    }

    func forward() -> (probabilities: [Float], dropped: [Float], context: [Float]) {
        var probabilities = [Float](repeating: 0, count: test.queries * row)
        var dropped = probabilities
        var context = q
        var (shape, stream) = (shape, Self.stream)
        let threshold = UInt32(test.probability * 0x1p32)
        #expect(
            attention_forward(
                &shape, q, k, v, &stream, firstGroup, threshold, keepScale, &probabilities, &dropped, &context))
        guard threshold == 0 else { return (probabilities, dropped, context) }
        // Without dropout the two are one block of memory.
        probabilities.withUnsafeMutableBufferPointer {
            _ = attention_forward(&shape, q, k, v, &stream, 0, 0, 1, $0.baseAddress, $0.baseAddress, &context)
        }
        return (probabilities, probabilities, context)
    }

    func backward() -> Gradients {
        let state = forward()
        var (shape, dq, dk, dv) = (shape, q, k, v)
        #expect(attention_backward(&shape, q, k, v, state.probabilities, state.dropped, g, &dq, &dk, &dv))
        return Gradients(q: dq, k: dk, v: dv)
    }

    private var threshold: UInt32 { UInt32(test.probability * 0x1p32) }
    private var keepScale: Float { Float(1 / (1 - test.probability)) }

    func forwardInBlocks() -> [Float] {
        var (shape, stream, context) = (shape, Self.stream, q)
        #expect(attention_forward_blocks(&shape, q, k, v, &stream, firstGroup, threshold, keepScale, &context))
        return context
    }

    func backwardInBlocks() -> Gradients {
        var (shape, stream, dq, dk, dv) = (shape, Self.stream, q, k, v)
        #expect(
            attention_backward_blocks(&shape, q, k, v, &stream, firstGroup, threshold, keepScale, g, &dq, &dk, &dv))
        return Gradients(q: dq, k: dk, v: dv)
    }

    func plainContext(_ q: [Float], _ k: [Float], _ v: [Float]) -> [Double] {
        plain(q.map(Double.init), k.map(Double.init), v.map(Double.init))
    }

    private func plain(_ q: [Double], _ k: [Double], _ v: [Double]) -> [Double] {
        let size = test.size
        return (0..<test.queries).flatMap { i in
            let scores = (0..<test.tokens).map { j in
                scale * (0..<size).reduce(0.0) { $0 + q[i * size + $1] * k[j * size + $1] }
            }
            let powers = scores.map { exp($0) }
            let sum = powers.reduce(0, +)
            let weights = powers.indices.map { powers[$0] / sum * factors[i * test.tokens + $0] }
            return (0..<size).map { c in weights.indices.reduce(0.0) { $0 + weights[$1] * v[$1 * size + c] } }
        }
    }

    func derivative(_ operand: WritableKeyPath<Operands, [Double]>, _ index: Int) -> Double {
        let step = 1e-4
        return (loss(operand, index, offset: step) - loss(operand, index, offset: -step)) / (2 * step)
    }

    private func loss(_ operand: WritableKeyPath<Operands, [Double]>, _ index: Int, offset: Double) -> Double {
        var operands = Operands(q: q.map(Double.init), k: k.map(Double.init), v: v.map(Double.init))
        operands[keyPath: operand][index] += offset
        let context = plain(operands.q, operands.k, operands.v)
        return zip(context, g).reduce(0.0) { $0 + $1.0 * Double($1.1) }
    }

    struct Operands {
        var q, k, v: [Double]
    }
}

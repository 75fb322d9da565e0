import CKernels
import Foundation
import Testing

struct ActivationTests {
    /// From far below to far above where GELU bends.
    private let inputs: [Float] = stride(from: -12, through: 12, by: 0.0007).map { Float($0) }

    private func distribution(_ x: Float) -> Double { 0.5 * (1 + erf(Double(x) / 2.0.squareRoot())) }
    private func density(_ x: Float) -> Double { exp(-Double(x) * Double(x) / 2) / (2 * Double.pi).squareRoot() }

    /// erf is good to 2e-7 and GELU is x times that, so the error may grow with x; for |x| > 1 the result is as large.
    @Test func `rounded outputs of GELU are its outputs, rounded`() {
        let inputs = randomNumbers(300, stream: 9, range: 6)
        var (slope, other, exact) = (inputs, inputs, inputs)
        var (expected, rounded, values) = (
            [UInt16](repeating: 0, count: 300), [UInt16](repeating: 1, count: 300), [UInt16](repeating: 2, count: 300)
        )
        gelu_forward(300, &slope, &exact)
        round_to_bfloat(300, exact, &expected)
        gelu_forward_rounded(300, &other, &rounded)
        gelu_values_rounded(300, inputs, &values)
        #expect(rounded == expected && values == expected && other == slope)
    }

    @Test func `GELU is x times the normal distribution function`() {
        var (x, y) = (inputs, inputs)
        gelu_forward(inputs.count, &x, &y)
        for (input, output) in zip(inputs, y) {
            let expected = Double(input) * distribution(input)
            #expect(abs(Double(output) - expected) < 2e-7 * max(1, abs(Double(input))))
        }
    }

    @Test func `GELU's slope is its derivative`() {
        var (x, y) = (inputs, inputs)
        gelu_forward(inputs.count, &x, &y)
        let expected = inputs.map { distribution($0) + Double($0) * density($0) }
        #expect(largestDifference(x, expected) < 5e-7)
    }

    @Test func `tanh and ReLU and their gradients`() {
        let gradient = randomNumbers(inputs.count, stream: 1)
        var (y, dx) = (inputs, inputs)
        tanh_forward(inputs.count, inputs, &y)
        tanh_backward(inputs.count, y, gradient, &dx)
        #expect(largestDifference(y, inputs.map { tanh(Double($0)) }) < 2e-7)
        #expect(largestDifference(dx, zip(inputs, gradient).map { Double($1) * (1 - pow(tanh(Double($0)), 2)) }) < 5e-7)
        relu_forward(inputs.count, inputs, &y)
        relu_backward(inputs.count, y, gradient, &dx)
        #expect(y == inputs.map { max(0, $0) })
        #expect(dx == zip(inputs, gradient).map { $0 > 0 ? $1 : 0 })
    }

    @Test(arguments: [(1, 1), (3, 5), (64, 64), (65, 67), (200, 384)])
    func `columns are summed on top of what is there`(rows: Int, columns: Int) {
        let stride = columns + 3
        let x = randomNumbers(rows * stride, stream: 2)
        let start = randomNumbers(columns, stream: 3)
        var sums = start
        add_column_sums(rows, columns, x, stride, &sums)
        let expected = (0..<columns).map { column in
            (0..<rows).reduce(Double(start[column])) { $0 + Double(x[$1 * stride + column]) }
        }
        #expect(largestDifference(sums, expected) < 1e-5)
    }
}

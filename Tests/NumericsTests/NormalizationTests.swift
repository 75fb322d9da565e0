import CKernels
import Testing

struct NormalizationTests {
    private let rows = 10
    private let epsilon = 1e-5

    /// LayerNorm as it is defined, in double precision.
    private func plain(_ z: ArraySlice<Double>, _ w: [Float], _ b: [Float]) -> [Double] {
        let mean = z.reduce(0, +) / Double(z.count)
        let variance = z.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(z.count)
        return zip(z, zip(w, b)).map { ($0 - mean) / (variance + epsilon).squareRoot() * Double($1.0) + Double($1.1) }
    }

    @Test(arguments: [1, 36, 64, 100, 384], [0, 0.3])
    func `forward is dropout, residual and LayerNorm`(width: Int, probability: Double) {
        let (x, residual) = (randomNumbers(rows * width, stream: 1), randomNumbers(rows * width, stream: 2))
        let (w, b) = (randomNumbers(width, stream: 3), randomNumbers(width, stream: 4))
        let site = TestSite(rows: rows, probability: probability)
        let y = forward(x, residual, w, b, site).y
        let factors = probability == 0 ? [Double](repeating: 1, count: x.count) : site.factors(width: width)
        let z = x.indices.map { Double(x[$0]) * factors[$0] + Double(residual[$0]) }
        let expected = (0..<rows).flatMap { plain(z[($0 * width)..<(($0 + 1) * width)], w, b) }
        #expect(largestDifference(y, expected) < 1e-5)
    }

    /// The loss is Σ y g. Central differences with a step of 1e-2 in double precision of the plain form; the gradients
    /// are of order 1 and rounded to single precision.
    @Test(arguments: [5, 36, 384], [0, 0.3])
    func `backward is the derivative`(width: Int, probability: Double) {
        let (x, residual) = (randomNumbers(rows * width, stream: 1), randomNumbers(rows * width, stream: 2))
        let (w, b) = (randomNumbers(width, stream: 3), randomNumbers(width, stream: 4))
        let g = randomNumbers(rows * width, stream: 5)
        let site = TestSite(rows: rows, probability: probability)
        let state = forward(x, residual, w, b, site)
        var (dz, dx, dw) = (g, x, [Float](repeating: 0, count: width))
        norm_add_weight_gradient(rows, width, width, g, state.normalized, &dw)
        site.with { norm_backward(0, rows, width, &dz, w, state.normalized, state.inverse, $0, &dx) }

        let factors = probability == 0 ? [Double](repeating: 1, count: x.count) : site.factors(width: width)
        let z = x.indices.map { Double(x[$0]) * factors[$0] + Double(residual[$0]) }
        let expected = z.indices.map { numericalDerivative(at: $0, z, w, b, g, width) }
        #expect(largestDifference(dz, expected) < 2e-3)
        #expect(largestDifference(dx, zip(expected, factors).map { $0 * $1 }) < 3e-3)
        let weightGradient = (0..<width).map { column in
            (0..<rows).reduce(0.0) { $0 + Double(g[$1 * width + column] * state.normalized[$1 * width + column]) }
        }
        #expect(largestDifference(dw, weightGradient) < 1e-5)
    }

    private func numericalDerivative(
        at index: Int, _ z: [Double], _ w: [Float], _ b: [Float], _ g: [Float], _ width: Int
    ) -> Double {
        let row = (index / width * width)..<(index / width * width + width)
        let step = 1e-4
        let loss = { (value: Double) in
            var moved = z
            moved[index] = value
            return zip(plain(moved[row], w, b), g[row]).reduce(0) { $0 + $1.0 * Double($1.1) }
        }
        return (loss(z[index] + step) - loss(z[index] - step)) / (2 * step)
    }

    private func forward(
        _ x: [Float], _ residual: [Float], _ w: [Float], _ b: [Float], _ site: TestSite
    ) -> (y: [Float], normalized: [Float], inverse: [Float]) {
        var (y, normalized, inverse) = (x, x, [Float](repeating: 0, count: rows))
        site.with {
            norm_forward(0, rows, w.count, x, residual, $0, w, b, Float(epsilon), &y, &normalized, &inverse)
        }
        return (y, normalized, inverse)
    }

    /// The share kept has deviation √(p (1 - p) / n); five of them are allowed.
    @Test func `dropout keeps the share it should, scaled`() {
        let width = 1_000
        var x = [Float](repeating: 1, count: rows * width)
        TestSite(rows: rows, probability: 0.1).with { dropout_rows(0, rows, width, $0, &x) }
        let kept = x.filter { $0 != 0 }
        #expect(kept.allSatisfy { abs($0 - Float(1 / 0.9)) < 1e-6 })
        let share = Double(kept.count) / Double(x.count)
        let deviation = (0.9 * 0.1 / Double(x.count)).squareRoot()
        #expect(abs(share - 0.9) < 5 * deviation)
    }
}

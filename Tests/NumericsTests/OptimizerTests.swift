import CKernels
import Foundation
import Testing

struct OptimizerTests {
    /// torch.optim.AdamW's documentation, line by line, in double precision; the tolerance is single precision's unit at 1
    /// times the ten steps.
    @Test(arguments: [true, false])
    func `AdamW and Adam take the documented steps`(isDecoupled: Bool) {
        let count = 37
        let (rate, decay, beta1, beta2, epsilon) = (0.01, 0.1, 0.9, 0.98, 1e-6)
        var p = randomNumbers(count, stream: 1)
        var (m, v) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: count))
        var (plain, first, second) = (p.map(Double.init), m.map(Double.init), v.map(Double.init))
        for number in 1...10 {
            var gradient = randomNumbers(count, stream: 1 + number)
            for i in 0..<count {
                let g = Double(gradient[i]) * 0.5 + (isDecoupled ? 0 : decay * plain[i])
                if isDecoupled { plain[i] -= rate * decay * plain[i] }
                first[i] = beta1 * first[i] + (1 - beta1) * g
                second[i] = beta2 * second[i] + (1 - beta2) * g * g
                let (a, b) = (first[i] / (1 - pow(beta1, Double(number))), second[i] / (1 - pow(beta2, Double(number))))
                plain[i] -= rate * a / (b.squareRoot() + epsilon)
            }
            let corrections = (1 - pow(beta1, Double(number)), 1 - pow(beta2, Double(number)))
            let (keep, l2) = isDecoupled ? (1 - rate * decay, 0) : (1, decay)
            var step = adamw_step(
                keep: Float(keep), one_minus_beta1: Float(1 - beta1), beta2: Float(beta2),
                one_minus_beta2: Float(1 - beta2), step: Float(rate / corrections.0),
                inverse_root: Float(1 / corrections.1.squareRoot()), epsilon: Float(epsilon), gradient_scale: 0.5,
                l2: Float(l2))
            adamw_update(count, &step, &p, &gradient, &m, &v)
            #expect(gradient.allSatisfy { $0 == 0 })
        }
        #expect(largestDifference(p, plain) < 1e-6)
        #expect(largestDifference(m, first) < 1e-6)
        #expect(largestDifference(v, second) < 1e-6)
    }

    @Test func `sums of squares are kept in double precision`() {
        let x = [Float](repeating: 1e-3, count: 1_000_000)
        #expect(abs(sum_of_squares(x.count, x) - 1e6 * pow(Double(Float(1e-3)), 2)) < 1e-9)
    }
}

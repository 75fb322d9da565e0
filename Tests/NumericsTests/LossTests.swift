import CKernels
import Foundation
import Testing

struct LossTests {
    @Test func `cross-entropy and its gradient`() {
        let (examples, classes, scale) = (5, 3, 0.25)
        let logits = randomNumbers(examples * classes, stream: 1, range: 4)
        let labels: [Int32] = [0, 2, 1, 1, 0]
        var gradient = logits
        let loss = cross_entropy(examples, classes, logits, labels, scale, &gradient)
        var expectedLoss = 0.0
        for example in 0..<examples {
            let row = logits[(example * classes)..<((example + 1) * classes)].map { Double($0) }
            let sum = row.reduce(0) { $0 + exp($1) }
            expectedLoss -= scale * log(exp(row[Int(labels[example])]) / sum)
            for column in 0..<classes {
                let expected = scale * (exp(row[column]) / sum - (column == Int(labels[example]) ? 1 : 0))
                #expect(abs(Double(gradient[example * classes + column]) - expected) < 1e-7)
            }
        }
        #expect(abs(loss - expectedLoss) < 1e-12)
        #expect(cross_entropy(examples, classes, logits, labels, scale, nil) == loss)
    }

    @Test func `cross-entropy stays finite for logits that overflow an exponential`() {
        let logits: [Float] = [3e38, -3e38, 0, 1000]
        var gradient = logits
        #expect(cross_entropy(2, 2, logits, [0, 1], 1, &gradient) == 0)
        #expect(gradient.allSatisfy { $0.isFinite })
    }

    @Test func `squared error and its gradient`() {
        let (outputs, targets): ([Float], [Float]) = ([1, 2.5, -1], [0, 3, -1])
        var gradient = outputs
        #expect(squared_error(3, outputs, targets, 0.5, &gradient) == 0.5 * (1 + 0.25))
        #expect(gradient == [1, -0.5, 0])
    }
}

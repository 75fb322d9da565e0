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

    /// In double precision, with z, y and w as below:
    ///
    ///     loss = torch.nn.functional.cross_entropy(z, y, weight=weight, label_smoothing=smoothing)
    ///     loss.backward()
    ///     loss.item(), z.grad
    struct Weighted: Sendable {
        let isWeighted: Bool
        let smoothing, loss: Double
        let gradient: [Double]
    }

    static let weighted = [
        Weighted(
            isWeighted: true, smoothing: 0, loss: 2.567962037108304,
            gradient: [
                -0.039251844, 0.010556447, 0.028695397, 0.043822598, 0.196399259, -0.240221857, 0.08393273,
                -0.261618322, 0.177685592, 0.218900149, 0.029624914, -0.248525062,
            ]),
        Weighted(
            isWeighted: false, smoothing: 0.1, loss: 2.4022597206805996,
            gradient: [
                -0.081462943, 0.018057783, 0.063405159, 0.035489265, 0.188065925, -0.22355519, 0.044124623,
                -0.146844785, 0.102720161, 0.210566815, 0.02129158, -0.231858396,
            ]),
        Weighted(
            isWeighted: true, smoothing: 0.1, loss: 2.4870168054655335,
            gradient: [
                -0.023472954, -0.00119342, 0.024666373, 0.040489265, 0.183065925, -0.22355519, 0.07745192,
                -0.240140968, 0.162689049, 0.215566815, 0.01629158, -0.231858396,
            ]),
    ]

    @Test(arguments: weighted)
    func `classes that weigh more and labels that are spread cost what they do in PyTorch`(wanted: Weighted) {
        let logits: [Float] = [1.5, -0.25, 0.75, 0.5, 2, -1, -0.5, 0, 0.25, 3, 1, -2]
        let (labels, weights): ([Int32], [Double]) = ([0, 2, 1, 2], [0.5, 2, 1.25])
        // PyTorch's mean is over the weights of the labels.
        let scale = 1 / (wanted.isWeighted ? 0.5 + 1.25 + 2 + 1.25 : 4)
        var gradient = logits
        let loss = weighted_cross_entropy(
            4, 3, logits, labels, wanted.isWeighted ? weights : nil, wanted.smoothing, scale, &gradient)
        #expect(abs(loss - wanted.loss) < 1e-12)
        for (ours, theirs) in zip(gradient, wanted.gradient) { #expect(abs(Double(ours) - theirs) < 1e-8) }
        let same = weighted_cross_entropy(
            4, 3, logits, labels, wanted.isWeighted ? weights : nil, wanted.smoothing, scale, nil)
        #expect(same == loss)
    }

    @Test func `without weights and smoothing both kernels say the same`() {
        let (examples, classes) = (6, 4)
        let logits = randomNumbers(examples * classes, stream: 3, range: 4)
        let labels: [Int32] = [0, 3, 1, 2, 2, 1]
        var (plain, weighted) = (logits, logits)
        let losses = (
            cross_entropy(examples, classes, logits, labels, 0.5, &plain),
            weighted_cross_entropy(examples, classes, logits, labels, nil, 0, 0.5, &weighted)
        )
        #expect(abs(losses.0 - losses.1) < 1e-12)
        for (one, other) in zip(plain, weighted) { #expect(abs(one - other) < 1e-7) }
    }

    @Test func `spread labels stay finite for logits that overflow an exponential`() {
        let logits: [Float] = [3e38, -3e38, 0, 1000]
        var gradient = logits
        #expect(weighted_cross_entropy(2, 2, logits, [0, 1], nil, 0.1, 1, &gradient).isFinite)
        #expect(gradient.allSatisfy { $0.isFinite })
    }

    @Test func `squared error and its gradient`() {
        let (outputs, targets): ([Float], [Float]) = ([1, 2.5, -1], [0, 3, -1])
        var gradient = outputs
        #expect(squared_error(3, outputs, targets, 0.5, &gradient) == 0.5 * (1 + 0.25))
        #expect(gradient == [1, -0.5, 0])
    }
}

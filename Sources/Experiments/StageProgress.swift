/// How far an attempt has come.
package struct StageProgress: Codable, Hashable, Sendable {
    package let step: Int
    package let steps: Int
    package let loss: Double
    package let tokensPerSecond: Double

    package init(step: Int, steps: Int, loss: Double, tokensPerSecond: Double) {
        self.step = step
        self.steps = steps
        self.loss = loss
        self.tokensPerSecond = tokensPerSecond
    }
}

/// How a stage's training went over its steps, in at most `limit` points of equally many steps each.
///
/// While there is room a point is one step. When a step comes and all points are taken, each two neighbours become one,
/// so that half of the room is free again and a point has twice the steps: which steps share a point follows from the
/// number of steps alone, however often the stage was stopped and resumed.
///
/// A point has the mean of its steps' losses and of their gradients' norms, and the tokens and seconds of all of them
/// together, so that nothing that happened between two points is left out. Its learning rate is that of its last step,
/// since a schedule is no noise to be averaged.
package struct TrainingCurve: Hashable, Sendable, Defaultable {
    /// The most points there are; even, so that all have a neighbour.
    package static let limit = 500

    /// In the order of their steps; the last one may have fewer than the others.
    package private(set) var points: [Point] = []

    package init() {}

    package struct Point: Hashable, Sendable {
        /// The last of its steps, counted from 1.
        package fileprivate(set) var step: Int
        /// The mean of the steps' mean losses.
        package fileprivate(set) var loss: Float
        package fileprivate(set) var learningRate: Float
        /// The mean norm of the gradients, before clipping.
        package fileprivate(set) var gradientNorm: Float
        /// Real tokens that went forward and backward, over all ranks.
        package fileprivate(set) var tokens: Int
        /// Of training alone, evaluations and checkpoints left out.
        package fileprivate(set) var seconds: Float

        /// Of one step.
        package init(
            step: Int, loss: Double, learningRate: Double, gradientNorm: Double, tokens: Int, seconds: Double
        ) {
            self.step = min(step, mostTokens)
            self.loss = bounded(loss)
            self.learningRate = bounded(learningRate)
            self.gradientNorm = bounded(gradientNorm)
            self.tokens = min(tokens, mostTokens)
            self.seconds = bounded(seconds)
        }

        package var tokensPerSecond: Float { seconds > 0 ? Float(tokens) / seconds : 0 }
    }

    /// The steps that the curve is about.
    package var steps: Int { points.last?.step ?? 0 }

    /// Steps of each point but the last.
    package var stride: Int { points.first?.step ?? 1 }

    package var isEmpty: Bool { points.isEmpty }

    /// Adds the next step. A step that does not follow is left out: a curve with a hole would not be the stage's.
    /// - Returns: whether the step completes a point.
    @discardableResult
    package mutating func add(_ step: Point) -> Bool {
        guard step.step == steps + 1 else { return false }
        if points.count == Self.limit, lastIsWhole { self = thinned() }
        if lastIsWhole {
            points.append(step)
        } else {
            let last = points.count - 1
            points[last].merge(step, share: 1 / Float(step.step - start(of: last)))
        }
        return lastIsWhole
    }

    private var lastIsWhole: Bool { points.isEmpty || steps - start(of: points.count - 1) == stride }

    /// Steps before a point.
    private func start(of place: Int) -> Int { place == 0 ? 0 : points[place - 1].step }

    /// The curve in points of at least so many steps, so that it can be laid beside a longer stage's.
    package func thinned(toStride wanted: Int) -> TrainingCurve {
        var curve = self
        while curve.stride < wanted, curve.points.count > 1 { curve = curve.thinned() }
        return curve
    }

    /// Each two neighbours as one.
    private func thinned() -> TrainingCurve {
        var thinner = TrainingCurve()
        for place in Swift.stride(from: 0, to: points.count, by: 2) {
            var point = points[place]
            if place + 1 < points.count {
                let later = points[place + 1]
                point.merge(later, share: Float(later.step - point.step) / Float(later.step - start(of: place)))
            }
            thinner.points.append(point)
        }
        return thinner
    }
}

extension TrainingCurve.Point {
    /// - Parameter share: of the steps of both that the later one has.
    fileprivate mutating func merge(_ later: Self, share: Float) {
        loss += (later.loss - loss) * share
        gradientNorm += (later.gradientNorm - gradientNorm) * share
        (step, learningRate) = (later.step, later.learningRate)
        tokens += later.tokens
        seconds += later.seconds
    }
}

/// What has no infinity, which JSON could not say, and whose differences have none.
private func bounded(_ value: Double) -> Float { min(max(Float(value), -largest), largest) }

private let largest: Float = 1e38

extension TrainingCurve: Codable {
    /// Only what steps can have led to is a curve: its points are as many as there may be, and as long as they must be.
    package init(from decoder: any Decoder) throws {
        points = try [Point](from: decoder)
        guard isWhole else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "the points do not make a curve"))
        }
    }

    private var isWhole: Bool {
        guard let last = points.last else { return true }
        let places = points.indices.dropLast()
        return points.count <= Self.limit && stride > 0 && points.allSatisfy(\.isBounded)
            && places.allSatisfy { points[$0].step.isMultiple(of: stride) && points[$0].step / stride == $0 + 1 }
            && last.step > start(of: places.count) && last.step - start(of: places.count) <= stride
    }

    package func encode(to encoder: any Encoder) throws { try points.encode(to: encoder) }
}

extension TrainingCurve.Point {
    /// Whether all points of a curve can be added up.
    fileprivate var isBounded: Bool {
        [loss, learningRate, gradientNorm].allSatisfy { abs($0) <= largest } && (0...largest).contains(seconds)
            && (0...mostTokens).contains(tokens) && step <= mostTokens
    }
}

/// Tokens of a point, far more than a stage could have.
private let mostTokens = 1 << 50

/// `[step, loss, learningRate, gradientNorm, tokens, seconds]`, since a ledger has millions of them.
extension TrainingCurve.Point: Codable {
    package init(from decoder: any Decoder) throws {
        var numbers = try decoder.unkeyedContainer()
        step = try numbers.decode(Int.self)
        loss = try numbers.decode(Float.self)
        learningRate = try numbers.decode(Float.self)
        gradientNorm = try numbers.decode(Float.self)
        tokens = try numbers.decode(Int.self)
        seconds = try numbers.decode(Float.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var numbers = encoder.unkeyedContainer()
        try numbers.encode(step)
        try numbers.encode(loss)
        try numbers.encode(learningRate)
        try numbers.encode(gradientNorm)
        try numbers.encode(tokens)
        try numbers.encode(seconds)
    }
}

/// What there is to draw of a stage, while it runs as well.
package struct StageCurves: Hashable, Sendable {
    /// Of the last attempt that took a step; it goes on where it continues an earlier one.
    package let training: TrainingCurve
    /// In the order of their steps, of all attempts; of one that was made again the last. They have no confusion, and
    /// scores that are undefined are left out.
    package let evaluations: [Evaluation]

    package init(training: TrainingCurve, evaluations: [Evaluation]) {
        self.training = training
        self.evaluations = evaluations
    }
}

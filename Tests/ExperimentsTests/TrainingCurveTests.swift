import Experiments
import Files
import Foundation
import Testing

struct TrainingCurveTests {
    private func step(_ number: Int) -> TrainingCurve.Point {
        .init(
            step: number, loss: Double(number % 7), learningRate: 1 / Double(number), gradientNorm: Double(number % 3),
            tokens: number, seconds: 0.25)
    }

    private func curve(_ steps: ClosedRange<Int>, from curve: TrainingCurve = TrainingCurve()) -> TrainingCurve {
        var curve = curve
        for number in steps { curve.add(step(number)) }
        return curve
    }

    @Test func `while there is room each step is a point`() {
        let curve = curve(1...500)
        #expect(curve.stride == 1 && curve.steps == 500)
        #expect(curve.points == (1...500).map(step))
    }

    @Test(arguments: [(501, 2, 251), (1000, 2, 500), (1001, 4, 251), (100_000, 256, 391)])
    func `however many steps there are, the points are few, alike, and leave nothing out`(
        steps: Int, stride: Int, count: Int
    ) throws {
        let curve = curve(1...steps)
        #expect(curve.stride == stride && curve.points.count == count && curve.steps == steps)
        #expect(curve.points.dropLast().map(\.step) == (1..<count).map { $0 * stride })
        #expect(curve.points.map(\.tokens).reduce(0, +) == steps * (steps + 1) / 2)
        #expect(curve.points.map(\.seconds).reduce(0, +) == Float(steps) / 4)
        var start = 0
        for point in curve.points {
            let numbers = start + 1...point.step
            let mean = { (values: [Int]) in Float(values.reduce(0, +)) / Float(numbers.count) }
            #expect(abs(point.loss - mean(numbers.map { $0 % 7 })) < 1e-5)
            #expect(abs(point.gradientNorm - mean(numbers.map { $0 % 3 })) < 1e-5)
            #expect(point.learningRate == Float(1 / Double(point.step)))
            #expect(point.tokensPerSecond == Float(numbers.reduce(0, +)) / (Float(numbers.count) / 4))
            start = point.step
        }
    }

    @Test(arguments: [1, 499, 500, 501, 777, 1000, 1999])
    func `a curve that was written down and goes on is that of a stage that was never stopped`(step: Int) throws {
        let json = try CanonicalJSON.encode(curve(1...step))
        let restored = try CanonicalJSON.decode(TrainingCurve.self, from: json)
        #expect(curve((step + 1)...2000, from: restored) == curve(1...2000))
    }

    @Test func `a step that does not follow is not of this curve`() {
        var curve = curve(1...600)
        for number in [600, 602, 0, -1, .max] { curve.add(step(number)) }
        #expect(curve == self.curve(1...600))
        var late = TrainingCurve()
        late.add(step(701))
        #expect(late.isEmpty, "the stage began before curves were kept")
    }

    @Test func `it says when a point is whole`() {
        var curve = curve(1...499)
        let isWhole = (500...508).map { curve.add(step($0)) }
        #expect(isWhole == [true, false, true, false, true, false, true, false, true])
    }

    @Test func `what single precision cannot hold can be written down all the same`() throws {
        var curve = TrainingCurve()
        curve.add(.init(step: 1, loss: 1e300, learningRate: 0, gradientNorm: -1e300, tokens: .max, seconds: 1e300))
        let json = try CanonicalJSON.encode(curve)
        #expect(try CanonicalJSON.decode(TrainingCurve.self, from: json) == curve)
    }

    @Test(arguments: [
        [0], [-1], [1, 1], [2, 1], [1, 3], [2, 4, 7], [2, 4, 4], [2, 3, 4], [Int.max, .max], Array(1...501),
    ])
    func `what no steps lead to is no curve`(steps: [Int]) {
        let json = "[" + steps.map { "[\($0),0,0,0,0,0]" }.joined(separator: ",") + "]"
        #expect(throws: DecodingError.self) {
            try CanonicalJSON.decode(TrainingCurve.self, from: Data(json.utf8))
        }
    }

    @Test func `it takes a twentieth of what a message may hold`() throws {
        var curve = TrainingCurve()
        for number in 1...64_000 {
            let odd = 1 / Double(number + 2)
            curve.add(
                .init(step: number, loss: odd, learningRate: odd, gradientNorm: odd, tokens: 8192, seconds: odd))
        }
        #expect(try CanonicalJSON.encode(curve).count < 50_000)
    }

    /// `[step, loss, learningRate, gradientNorm, tokens, seconds]`
    @Test(arguments: [
        "[1,2e38,0,0,0,0]", "[1,0,-2e38,0,0,0]", "[1,0,0,2e38,0,0]", "[1,0,0,0,-1,0]",
        "[1,0,0,0,9000000000000000000,0]", "[1,0,0,0,0,-1]", "[9000000000000000000,0,0,0,0,0]",
    ])
    func `numbers that could not be added up make no curve`(_ point: String) {
        #expect(throws: DecodingError.self) {
            try CanonicalJSON.decode(TrainingCurve.self, from: Data("[\(point)]".utf8))
        }
    }
}

import Experiments
import Files
import Foundation
import Testing

struct VocabularyTests {
    @Test(arguments: [
        "all", "head", "bitfit", "bitfit(query+norm)", "layernorm", "top(3)", "random(0.001)", "mask", "prune(0.01)",
        "lora(r=8, alpha=16, dropout=0, modules=query+value)", "prefix(n=16, mlp=0)", "adapter(64)",
        "fisher(0.1, on=downstream, pick=highest)", "combined(0.005, pick=lowest)",
    ])
    func `what is tuned reads as it is written`(text: String) {
        #expect(Tune(text)?.description == text)
    }

    @Test(arguments: ["linear", "hf", "mlp(2048)"])
    func `head designs read as they are written`(text: String) {
        #expect(HeadDesign(text)?.description == text)
    }

    @Test(arguments: ["", "mlp", "mlp()", "mlp(0)", "mlp(-1)", "mlp(8", "mlp(8)x", "MLP(8)", "linear "])
    func `what is no head design is refused`(text: String) {
        #expect(HeadDesign(text) == nil)
        #expect(throws: DecodingError.self) {
            try CanonicalJSON.decode([HeadDesign].self, from: Data("[\"\(text)\"]".utf8))
        }
    }

    @Test func `only what diverges fails by its own fault, whoever trains it`() {
        #expect(StageFailure.Cause.allCases.filter { $0.fault == .stage } == [.diverged])
        #expect(StageFailure.Cause.allCases.filter { $0.fault == .input } == [.badInput, .tooLarge])
    }

    @Test(arguments: [("reviews", "reviews", 0), ("reviews~1", "reviews", 1), ("a~b", "a~b", 0), ("a~-1", "a~-1", 0)])
    func `a sweep is named with how many settings it had since`(text: String, name: String, age: Int) {
        #expect(SweepReference(text) == SweepReference(name: name, age: age))
        #expect(SweepReference(text).description == text)
    }

    @Test func `a node remembers the program, and one that did not is read and written as before`() throws {
        let old = #"{"blasCore":"x","host":"h","ranks":1,"threads":2}"#
        let node = try CanonicalJSON.decode(NodeSettings.self, from: Data(old.utf8))
        #expect(node.program == nil)
        #expect(String(decoding: try CanonicalJSON.encode(node), as: UTF8.self) == old)
        var now = node
        now.program = programVersion
        #expect(try CanonicalJSON.decode(NodeSettings.self, from: CanonicalJSON.encode(now)) == now)
    }

    @Test func `nothing more happens to stages but those that wait or run`() {
        #expect(StageState.allCases.filter { !$0.isFinal } == [.waiting, .running])
    }

    @Test(arguments: [(Budget.epochs(3), 24), (.epochs(0.3), 2), (.epochs(0.01), 1), (.steps(7), 7)])
    func `a budget is so many steps of 250 examples in batches of 32`(budget: Budget, steps: Int) {
        var recipe = Recipe()
        recipe.budget = budget
        #expect(recipe.steps(examples: 250) == steps)
    }

    @Test(arguments: [(nil, 0), (0.2, 50), (0.001, 1), (0.999, 249)] as [(Double?, Int)])
    func `some examples are held out, never all`(share: Double?, count: Int) {
        #expect(Recipe.heldOut(share, of: 250) == count)
    }

    @Test func `the only example there is stays in the training set`() {
        #expect(Recipe.heldOut(0.5, of: 1) == 0)
        #expect(Recipe.heldOut(0.5, of: 2) == 1)
    }

    @Test func `columns are numbers or names in JSON`() throws {
        let columns = [Column.number(4), .name("4")]
        let json = try CanonicalJSON.encode(columns)
        #expect(String(decoding: json, as: UTF8.self) == #"[4,"4"]"#)
        #expect(try CanonicalJSON.decode([Column].self, from: json) == columns)
    }

    @Test func `a result finds scores by metric and split`() {
        let result = StageResult(
            scores: [
                Score(split: .train, metric: .f1, value: 1), Score(split: .dev, metric: .f1, value: 0.5),
            ],
            steps: 1, finalLoss: 0, tokens: 1, seconds: 1, tokensPerSecond: 1, trainable: 1, parameters: Digest(of: []),
            artifacts: [], node: NodeSettings(ranks: 1, threads: 1, host: "", blasCore: ""))
        #expect(result.score(.f1, on: .dev) == 0.5)
        #expect(result.score(.accuracy, on: .dev) == nil)
    }
}

struct EvaluationTests {
    @Test func `an evaluation is one line of a log`() {
        let evaluation = Evaluation(
            step: 16, epoch: 2, trainingLoss: 0.65432,
            scores: [Score(split: .dev, metric: .accuracy, value: 0.75), Score(split: .dev, metric: .f1, value: 2 / 3)])
        #expect("\(evaluation)" == "step 16  epoch 2.0  loss 0.6543  dev accuracy 75.00  dev f1 66.67")
    }

    @Test func `a score that is undefined says so, and others are stored as ever`() throws {
        let undefined = Score(split: .dev, metric: .pearson, value: nil)
        #expect(undefined.figure == "undefined")
        let data = try CanonicalJSON.encode([undefined, Score(split: .dev, metric: .pearson, value: 0)])
        #expect(
            String(decoding: data, as: UTF8.self)
                == #"[{"metric":"pearson","split":"dev","value":null},{"metric":"pearson","split":"dev","value":0}]"#)
        #expect(try CanonicalJSON.decode([Score].self, from: data).map(\.value) == [nil, 0])
    }

    @Test func `shares are shown in percent, errors as the numbers they are, and of these less is better`() {
        #expect(Score(split: .dev, metric: .auc, value: 0.98765).figure == "98.77")
        #expect(Score(split: .dev, metric: .rmse, value: 1.23456).figure == "1.2346")
        #expect(Metric.rmse.merit(0.5) > Metric.rmse.merit(0.6) && Metric.auc.merit(0.5) < Metric.auc.merit(0.6))
    }

    @Test func `a log says of an evaluation that it knows one class alone`() {
        let collapsed = Evaluation(
            step: 1, epoch: 1, trainingLoss: 1, scores: [],
            confusion: Confusion(predicted: [1, 1, 1], expected: [0, 1, 1]))
        #expect("\(collapsed)".hasSuffix("  one class for every example"))
    }
}

struct ConfusionTests {
    private let confusion = Confusion(predicted: [1, 0, 1, 1, 2], expected: [0, 0, 1, 1, 2])

    @Test func `it counts what occurs, and is stored as triples`() throws {
        let json = try CanonicalJSON.encode(confusion)
        #expect(String(decoding: json, as: UTF8.self) == "[[0,0,1],[0,1,1],[1,1,2],[2,2,1]]")
        #expect(try CanonicalJSON.decode(Confusion.self, from: json) == confusion)
        #expect(throws: DecodingError.self) { try CanonicalJSON.decode(Confusion.self, from: Data("[[0,1]]".utf8)) }
    }

    @Test func `runs add up`() {
        let sum = Confusion(sum: [confusion, Confusion(predicted: [1], expected: [2])])
        #expect(sum.entries.map(\.count) == [1, 1, 2, 1, 1])
        #expect(sum.entries.map { [$0.expected, $0.predicted] } == [[0, 0], [0, 1], [1, 1], [2, 1], [2, 2]])
    }

    @Test func `one class for all is a collapse only where others are expected`() {
        #expect(Confusion(predicted: [2, 2], expected: [0, 1]).onlyClass == 2)
        #expect(Confusion(predicted: [2, 1], expected: [0, 1]).onlyClass == nil)
        #expect(Confusion(predicted: [2, 2], expected: [2, 2]).onlyClass == nil)
        #expect(Confusion(predicted: [], expected: []).onlyClass == nil)
    }
}

import Experiments
import Files
import Testing

struct StageKeyTests {
    private static let zero = Digest(of: [0])

    private func specification(
        backbone: Digest = zero, task: Digest = zero, seed: UInt64 = 1, inputs: [StageInput] = [],
        _ change: (inout Recipe) -> Void = { _ in }
    ) -> StageSpecification {
        var recipe = Recipe()
        change(&recipe)
        return StageSpecification(backbone: backbone, task: task, recipe: recipe, seed: seed, inputs: inputs)
    }

    /// Results are found again by their keys: where this fails, every store forgets what it has. If results really
    /// change, raise `Precision.semanticsVersion`; a new setting whose default changes nothing should keep this key.
    @Test func `a recorded specification keeps its recorded key`() throws {
        let json = String(decoding: try CanonicalJSON.encode(specification()), as: UTF8.self)
        let zero = Self.zero.hex
        #expect(
            json == """
                {"backbone":"\(zero)","inputs":[],"recipe":{"accumulation":1,"batch":32,"budget":{"epochs":{"_0":3}},\
                "clip":1,"decay":"linear","evaluations":1,"head":"linear","learningRate":2e-05,"maxLength":128,\
                "optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32",\
                "selection":"last","shuffle":"true","truncation":"longest","tune":"all","warmup":0.1},"seed":1,\
                "semantics":3,"task":"\(zero)"}
                """)
        #expect(
            try specification().key().rawValue.hex == "cc8b3cb0e267d5d5233a5e657a9a3aa9661396b2280a4a8fcad3abefb46a617f"
        )
    }

    /// One change of every field of the recipe, by the field's name.
    private static let changes: [(field: String, change: @Sendable (inout Recipe) -> Void)] = [
        ("tune", { $0.tune = .bitfit }),
        ("estimate", { $0.estimate = Estimate() }),
        ("head", { $0.head = .mlp(width: 8) }),
        ("isLogistic", { $0.isLogistic = true }),
        ("budget", { $0.budget = .steps(3) }),
        ("batch", { $0.batch = 16 }),
        ("accumulation", { $0.accumulation = 2 }),
        ("learningRate", { $0.learningRate = 1e-5 }),
        ("warmup", { $0.warmup = 0 }),
        ("decay", { $0.decay = .constant }),
        ("floor", { $0.floor = 0.1 }),
        ("slowStart", { $0.slowStart = 100 }),
        ("slowRate", { $0.slowRate = .exactly }),
        ("loss", { $0.loss = .sum }),
        ("classWeights", { $0.classWeights = .balanced }),
        ("labelSmoothing", { $0.labelSmoothing = 0.1 }),
        ("layerDecay", { $0.layerDecay = 0.9 }),
        ("optimizer", { $0.optimizer.beta2 = 0.98 }),
        ("clip", { $0.clip = nil }),
        ("dropout", { $0.dropout = 0 }),
        ("dropoutShare", { $0.dropoutShare = 0.1 }),
        ("regularization", { $0.regularization = Regularization(l1: 1) }),
        ("reinitialization", { $0.reinitialization = .biases }),
        ("samples", { $0.samples = 100 }),
        ("shuffle", { $0.shuffle = .never }),
        ("maxLength", { $0.maxLength = 64 }),
        ("truncation", { $0.truncation = .first }),
        ("blocks", { $0.blocks = .lines }),
        ("evaluations", { $0.evaluations = 2 }),
        ("selection", { $0.selection = .best }),
        ("patience", { $0.patience = 3 }),
        ("validation", { $0.validation = 0.2 }),
        ("validationBase", { $0.validationBase = .samples }),
        ("validationSeed", { $0.validationSeed = 1 }),
        ("precision", { $0.precision = .bf16 }),
        ("allreduce", { $0.allreduce = .bf16 }),
    ]

    @Test func `every field of a recipe is known to this test`() {
        let fields = Mirror(reflecting: Recipe()).children.compactMap { $0.label?.trimmingPrefix("_").description }
        #expect(fields == Self.changes.map(\.field))
    }

    @Test func `every change of a recipe changes the key`() throws {
        let keys = try Self.changes.map { try specification($0.change).key() } + [specification().key()]
        #expect(Set(keys).count == Self.changes.count + 1)
    }

    @Test func `backbone, task, seed and inputs change the key`() throws {
        let other = Digest(of: [1])
        let input = StageInput(kind: .head, from: StageKey(rawValue: other))
        let specifications = [
            specification(), specification(backbone: other), specification(task: other), specification(seed: 2),
            specification(inputs: [input]),
            specification(inputs: [StageInput(kind: .delta, from: StageKey(rawValue: other))]),
        ]
        #expect(Set(try specifications.map { try $0.key() }).count == specifications.count)
    }

    @Test func `the order in which inputs are given does not matter`() throws {
        let key = StageKey(rawValue: Digest(of: [1]))
        let inputs = [StageInput(kind: .head, from: key), StageInput(kind: .delta, from: key)]
        #expect(try specification(inputs: inputs).key() == specification(inputs: inputs.reversed()).key())
    }

    @Test func `a specification that travels keeps its key`() throws {
        let sent = specification(seed: .max) { $0.learningRate = 0.1 + 0.2 }
        let received = try CanonicalJSON.decode(StageSpecification.self, from: CanonicalJSON.encode(sent))
        #expect(received == sent)
        #expect(try received.key() == sent.key())
    }

    @Test func `a task is known by how it is read and by its files, not by its name or place`() throws {
        let task = TaskDefinition(
            name: "a", train: "a/train", dev: "a/dev", format: .tsv, text: .number(1), label: .number(2),
            labels: ["0", "1"], metrics: [.accuracy])
        var moved = task
        moved.name = "b"
        moved.train = "b/train"
        var reread = task
        reread.labels = ["1", "0"]
        let content = { (task: TaskDefinition, train: UInt8) in
            try task.contentDigest(train: Digest(of: [train]), dev: Digest(of: [9]))
        }
        #expect(try content(task, 1) == content(moved, 1))
        #expect(try content(task, 1) != content(task, 2))
        #expect(try content(task, 1) != content(reread, 1))
    }
}

import Configuration
import Experiments
import Testing

/// Stages that refer to others by name, train on other tasks, or share what they learn.
struct StageGraphTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    /// Decoder first, then the mask that its gradients select.
    private static func fisher(_ name: String, _ last: String) -> String {
        """
        \(name): [{ name: decoder, tune: head, seed: 9, lr: 4e-4 }, \
        { name: gradients, estimate: fisher, seed: 9, from: { head: decoder } }, \
        { \(last), from: { head: decoder, statistics: gradients } }]
        """
    }

    @Test func `stages with a seed of their own are computed once for all seeds`() throws {
        let plan = try fixture.plan(fixture.read(sweep(methods: "{ \(Self.fisher("f", "tune: fisher(0.01)")) }")))
        let tasks = Set(plan.rows.map(\.task)).count
        let seeds = Set(plan.rows.map(\.seed)).count
        #expect(plan.stages.count == tasks * (2 + seeds))
        let masked = try #require(plan.stages.first { $0.specification.inputs.count == 2 })
        #expect(masked.specification.inputs.map(\.kind) == [.head, .statistics])
        #expect(masked.label == "f/3")
        let gradients = try #require(plan.stages.first { $0.label == "f/gradients" })
        #expect(gradients.outputs == [.statistics])
    }

    @Test func `gradient statistics are shared by methods with other rates`() throws {
        let one = Self.fisher("f", "tune: fisher(0.01)")
        let two = "{ \(one), \(Self.fisher("g", "tune: fisher(0.1), lr: 1e-3")) }"
        let plan = try fixture.plan(fixture.read(sweep(methods: two)))
        let shared = plan.stages.filter { $0.specification.recipe.estimate != nil }
        #expect(shared.count == Set(plan.rows.map(\.task)).count)
    }

    @Test func `statistics are of whole labels, and what a batch's loss is concerns those of batches`() throws {
        try fixture.write(
            "tasks.yaml",
            Fixture.tasks
                + "\nner: { kind: tags, train: a, dev: b, format: conll, text: 1, label: 4, labels: [O, I-X], metrics: span-f1 }"
        )
        let planned = { (task: String, estimate: String) in
            let method =
                "{ m: [{ name: s, estimate: \"\(estimate)\" }, { tune: fisher(0.1), from: { statistics: s } }] }"
            let text = sweep(tasks: "[\(task)]", seeds: "[1]", defaults: "{ loss: sum }", methods: method)
            let recipe = try #require(fixture.plan(fixture.read(text)).stages.first).specification.recipe
            return (recipe.estimate?.description, recipe.loss)
        }
        let examples: [(String, String, String, BatchLoss)] = [
            ("ner", "fisher", "fisher(per=example, label=gold, tokens=sum)", .mean),
            ("ner", "fisher(tokens=mean)", "fisher(per=example, label=gold)", .mean),
            ("ner", "fisher(examples=sum)", "fisher(per=example, label=gold, tokens=sum, examples=sum)", .mean),
            ("ner", "fisher(per=batch)", "fisher(per=batch, label=gold)", .sum),
            ("rte", "fisher", "fisher(per=example, label=gold)", .mean),
            ("rte", "fisher(tokens=sum)", "fisher(per=example, label=gold)", .mean),
            ("rte", "fisher(per=batch, label=expected)", "fisher(per=batch, label=expected)", .mean),
        ]
        for (task, written, estimate, loss) in examples {
            let found = try planned(task, written)
            #expect(found.0 == estimate && found.1 == loss, "\(task) \(written)")
        }
    }

    @Test func `a stage on another task than its row's is planned on that one`() throws {
        let methods = "{ s: [{ name: first, tune: all, task: stsb }, { tune: head, from: { backbone: first } }] }"
        let plan = try fixture.plan(fixture.read(sweep(tasks: "[rte]", seeds: "[1]", methods: methods)))
        #expect(plan.stages.map(\.task) == ["stsb", "rte"])
        #expect(Set(plan.rows.map(\.task)) == ["rte"])
        #expect(plan.stages[0].outputs.contains(.backbone))
    }

    @Test(arguments: [
        (
            "{ c: [{ name: a, tune: all, from: { head: b } }, { name: b, tune: all, from: { head: a } }] }",
            "stage 'a' of method 'c' and stage 'b' of method 'c' start from each other; no stage of a circle can begin"
        ),
        (
            "{ c: [{ name: a, tune: head }, { tune: all, from: { head: aa } }] }",
            "stage 2 of method 'c' takes its head from 'aa', but no stage has that 'name'; did you mean 'a'?"
        ),
        (
            "{ c: { tune: fisher(0.1) } }",
            """
            method 'c': 'fisher(0.1, on=downstream, pick=highest)' needs statistics of another stage; give it from: \
            { statistics: NAME }
            """
        ),
        (
            "{ c: { tune: all, child: d(0.1) } }",
            "method 'c': child-tuning needs statistics of another stage; give it from: { statistics: NAME }"
        ),
        (
            "{ c: [{ name: a, estimate: \"fisher(label=expected, mode=train)\" }, { tune: all }] }",
            "'mode=train' of 'fisher' has the observed labels; leave out label=expected"
        ),
        ("{ c: { tune: random(2) } }", "'p' of 'random' must be a number above 0 and at most 1, not '2'"),
        ("{ c: { tune: lora(0) } }", "'r' of 'lora' must be a whole number from 1 to 65536, not '0'"),
        ("{ c: { tune: lora(rang=4) } }", "'lora' has no argument 'rang'"),
        ("{ c: { tune: top(0) } }", "'k' of 'top' must be a whole number from 1 to 1000, not '0'"),
        (
            "{ c: [{ name: a, tune: all, task: stsb }, { tune: all, from: { head: a } }] }",
            """
            stage 2 of method 'c' starts from the head of stage 'a' of method 'c', made for the labels of 'stsb', not of \
            'rte'
            """
        ),
        (
            "{ c: [{ name: a, tune: lora(4) }, { tune: lora(8), from: { adapter: a } }] }",
            "stage 2 of method 'c' starts from the adapter 'lora(r=4, alpha=16, dropout=0, modules=query+value)' but tunes "
                + "'lora(r=8, alpha=16, dropout=0, modules=query+value)'; give both one design"
        ),
        (
            "{ c: [{ name: a, tune: head }, { estimate: fisher, from: { head: a } }] }",
            "stage 2 of method 'c' gathers statistics, which have no score; add a stage that trains"
        ),
        (
            "{ c: { tune: lora(4), child: f(0.3) } }",
            "method 'c': 'child' chooses among the backbone's gradients, and 'lora(r=4, alpha=16, dropout=0, "
                + "modules=query+value)' moves nothing there; drop one"
        ),
        (
            "{ c: [{ name: a, tune: all, logistic: true }, { tune: all, from: { head: a } }] }",
            "stage 2 of method 'c' starts from the head of stage 'a' of method 'c', which differs in 'logistic'; give both "
                + "the same"
        ),
        (
            "{ c: [{ name: a, estimate: fisher }, { tune: all, from: { statistics: a } }] }",
            "stage 2 of method 'c' takes statistics from stage 'a' of method 'c' but tunes 'all', which does not read it"
        ),
        (
            "{ c: [{ name: a, estimate: fisher }, { tune: fisher(0.1), head: pooled, from: { statistics: a } }] }",
            "stage 2 of method 'c' takes statistics from stage 'a' of method 'c', which has the head linear, but has the "
                + "head pooled: only one of them has the pooler in its backbone; give both or neither 'pooled'"
        ),
        (
            "{ c: [{ name: a, tune: bitfit, head: pooled }, { tune: all, from: { delta: a } }] }",
            "stage 2 of method 'c' takes delta from stage 'a' of method 'c', which has the head pooled, but has the head "
                + "linear: only one of them has the pooler in its backbone; give both or neither 'pooled'"
        ),
        (
            "{ c: { tune: random(0.1), mixout: 0.9 } }",
            """
            method 'c': 'mixout' mixes whole layers and cannot go with 'random(0.1)', which moves single entries; drop one
            """
        ),
        (
            "{ c: { tune: all, blocks: lines } }",
            "method 'c': 'blocks' says how running text is cut, and task 'rte' has none; give it in the stage that has"
        ),
        (
            "{ c: [{ estimate: \"fisher(per=batch, tokens=sum)\" }, { tune: all }] }",
            "'tokens' is of single examples; what a batch's loss is the setting 'loss' says"
        ),
        (
            "{ c: { tune: prune(0.1), select: best } }",
            "method 'c': 'prune(0.1)' prunes after the last step; it cannot 'select' the best evaluation before"
        ),
        (
            "{ c: { tune: prune(0.1), patience: 2 } }",
            "method 'c': 'prune(0.1)' prunes after the last step; it cannot wait with 'patience' for an evaluation before"
        ),
        (
            "{ c: { tune: all, recadam: recadam, layer-decay: 0.9 } }",
            "method 'c': 'recadam' pulls all layers at one rate and cannot go with 'layer-decay'; drop one"
        ),
        (
            "{ c: { tune: all, class-weights: [1, 2, 3] } }",
            "method 'c': 'class-weights' has 3 weights, but task 'rte' has 2 'labels'"
        ),
    ])
    func `edges that cannot fit are refused before anything trains`(methods: String, sentence: String) throws {
        #expect(fixture.complaint(sweep(tasks: "[rte]", methods: methods)) == "sweep.yaml:6: \(sentence)")
    }

    @Test(arguments: [
        (
            "class-weights: balanced",
            "'class-weights' weighs classes, and task 'stsb' has no 'labels'; leave it out for this task"
        ),
        (
            "label-smoothing: 0.1",
            "'label-smoothing' spreads a label over classes, and task 'stsb' has none; leave it out for this task"
        ),
    ])
    func `what is about classes is refused where there are none`(setting: String, sentence: String) {
        let methods = "{ c: { tune: all, \(setting) } }"
        #expect(fixture.complaint(sweep(tasks: "[stsb]", methods: methods)) == "sweep.yaml:6: method 'c': \(sentence)")
    }
}

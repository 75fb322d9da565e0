import Configuration
import Experiments
import Testing

/// What the points of a search are judged on.
struct SearchBasisTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func `points are compared on the validation split where there is one, and by the mean over seeds`() throws {
        let text = searching("{ on: validation, lr: [1e-4, 1e-3], seeds: 1..2, grow: 0 }")
        let request = try fixture.read(text, set: ["validation=0.2"])
        let first = try fixture.plan(request)
        #expect(first.searches[0].split == .validation)
        // Rate by rate, each on two seeds: means of 0.5 and 0.6; what dev says does not count.
        let scores = zip(first.stages, [0.1, 0.9, 0.6, 0.6]).map { ($0.key, ended($1, on: .validation)) }
        let plan = try fixture.plan(request, knowing: Dictionary(uniqueKeysWithValues: scores))
        #expect(plan.searches[0].trials.map(\.score) == [0.5, 0.6])
        #expect(plan.searches[0].chosen?.description == "lr 1e-3")
        let half = try fixture.plan(request, knowing: Dictionary(uniqueKeysWithValues: scores.dropLast()))
        #expect(half.searches[0].state == .open && half.searches[0].trials.map(\.score) == [0.5, nil])
    }

    @Test
    func `by default points leave out one part of the training set and are judged on that, with a seed of their own`()
        throws
    {
        let methods = """
            { a: [{ name: decoder, tune: head, lr: 1e-2, seed: 1 }, { name: other, task: stsb, tune: head, lr: 1 }, \
            { tune: all, from: { head: decoder } }] }
            """
        let request = try fixture.read(
            sweep(tasks: "cb", seeds: "0..2", methods: methods, more: "search: { lr: [1e-4, 1e-3], grow: 0 }"))
        let open = try fixture.plan(request)
        #expect(open.searches[0].split == .validation && open.searches[0].seeds == [3], "0 to 2 are the table's")
        let recipes = open.stages.map(\.specification.recipe)
        #expect(open.stages.map(\.task) == ["cb", "stsb", "cb", "cb"])
        #expect(recipes.map(\.validation) == [0.1, nil, 0.1, 0.1], "what an earlier stage has seen is not held out")
        #expect(recipes.map(\.validationSeed) == [3, nil, 3, 3])
        #expect(open.stages.map(\.specification.seed) == [1, 3, 3, 3])
        #expect(
            open.stages.map(\.label) == [
                "a/decoder validation=0.1", "a/other", "a/3 lr=1e-4 validation=0.1", "a/3 lr=1e-3 validation=0.1",
            ])
        let plan = try fixture.finish(request, on: .validation) { $0.recipe.learningRate }
        #expect(plan.searches[0].chosen?.description == "lr 1e-3")
        let rows = plan.rows.map { row in row.stages.compactMap { key in plan.stages.first { $0.key == key } } }
        #expect(rows.allSatisfy { $0.count == 3 && $0.allSatisfy { $0.specification.recipe.validation == nil } })
        #expect(rows.map { $0[2].specification.recipe.learningRate } == [1e-3, 1e-3, 1e-3])
        let unscored = try fixture.finish(request) { $0.recipe.learningRate }
        #expect(unscored.searches[0].failure != nil, "what dev says does not count")
    }

    @Test func `a task's third file is what its searches are on, and nothing is left out`() throws {
        try fixture.write("tasks.yaml", Fixture.tasks.replacing("dev: cb/val.jsonl,", with: "dev: d, validation: v,"))
        let text = searching("{ on: validation, lr: [1e-4, 1e-3], seeds: [1], grow: 0 }")
        let plan = try fixture.finish(fixture.read(text), on: .validation) { $0.recipe.learningRate }
        #expect(plan.searches[0].chosen?.description == "lr 1e-3" && plan.searches[0].split == .validation)
        #expect(plan.stages.count == 3 && plan.stages.allSatisfy { $0.specification.recipe.validation == nil })
        let onDev = try fixture.plan(fixture.read(searching("{ lr: [1e-4, 1e-3], seeds: [1], grow: 0 }")))
        let open = try fixture.plan(fixture.read(text))
        #expect(onDev.stages == open.stages && onDev.searches[0].asked != open.searches[0].asked)
    }

    @Test func `a search on dev plans what it did before there was a choice`() throws {
        let plan = try fixture.plan(fixture.read(searching("{ on: dev, lr: [1e-4, 5e-4] }")))
        #expect(plan.searches[0].seeds == [1] && plan.searches[0].split == .dev)
        #expect(plan.stages.allSatisfy { $0.specification.recipe.validation == nil })
        let held = try fixture.plan(fixture.read(searching("{ on: dev, lr: [1e-4] }"), set: ["validation=0.2"]))
        #expect(held.searches[0].split == .dev && held.stages[0].specification.recipe.validationSeed == nil)
        let part = try fixture.plan(fixture.read(searching("{ on: validation(0.3), lr: [1e-4] }")))
        #expect(part.stages.map(\.specification.recipe.validation) == [0.3])
    }
}

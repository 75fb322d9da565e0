import Experiments
import Testing

import Training

struct ScheduleTests {
    private func recipe(_ change: (inout Recipe) -> Void = { _ in }) -> Recipe {
        var recipe = Recipe()
        recipe.batch = 8
        change(&recipe)
        return recipe
    }

    @Test func `an epoch has one step for each batch, the last one smaller`() {
        let schedule = Schedule(recipe { $0.budget = .epochs(2) }, examples: 20)
        #expect(schedule.stepsPerEpoch == 3)
        #expect(schedule.steps == 6)
        #expect((0..<6).map { schedule.batch(ofStep: $0) } == [0..<8, 8..<16, 16..<20, 0..<8, 8..<16, 16..<20])
        #expect((0..<6).map { schedule.epoch(ofStep: $0) } == [0, 0, 0, 1, 1, 1])
    }

    @Test(arguments: [(0.1, 1), (0.5, 2), (1.5, 5), (0.01, 1)])
    func `a share of an epoch is rounded to whole steps, one at least`(epochs: Double, steps: Int) {
        #expect(Schedule(recipe { $0.budget = .epochs(epochs) }, examples: 20).steps == steps)
    }

    @Test func `a budget in steps is taken as it is`() {
        #expect(Schedule(recipe { $0.budget = .steps(7) }, examples: 20).steps == 7)
    }

    @Test func `the rate rises from zero over the warm-up and falls to zero after the last step`() {
        let schedule = Schedule(
            recipe {
                $0.budget = .steps(10)
                $0.warmup = 0.2
                $0.learningRate = 1
            }, examples: 20)
        // transformers: get_linear_schedule_with_warmup(optimizer, 2, 10)
        let expected = [0, 0.5, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]
        #expect((0..<10).map { schedule.learningRate(ofStep: $0) } == expected)
    }

    @Test func `a constant rate stays after its warm-up`() {
        let schedule = Schedule(
            recipe {
                $0.budget = .steps(4)
                $0.warmup = 0.5
                $0.decay = .constant
                $0.learningRate = 1
            }, examples: 20)
        #expect((0..<4).map { schedule.learningRate(ofStep: $0) } == [0, 0.5, 1, 1])
    }

    @Test func `a slow start has at most a twentieth of the rate, below which the schedule goes on`() {
        let schedule = Schedule(
            recipe {
                $0.budget = .steps(100)
                $0.warmup = 0.4
                $0.slowStart = 10
                $0.learningRate = 1
            }, examples: 20)
        #expect([0, 1, 2, 3, 9].map { schedule.learningRate(ofStep: $0) } == [0, 0.025, 0.05, 0.05, 0.05])
        #expect(schedule.learningRate(ofStep: 10) == 0.25)
    }

    @Test func `a slow start of exactly a twentieth has it from the first step on, also above the warm-up's rate`() {
        let schedule = Schedule(
            recipe {
                $0.budget = .steps(1000)
                $0.warmup = 0.1
                $0.slowStart = 100
                $0.slowRate = .exactly
                $0.learningRate = 1e-5
            }, examples: 20)
        // EH-FT's code: 0.05 lr in the first 100 steps, then the warm-up and the decay as if there had been none.
        for step in 0..<1000 {
            let expected: Double = step < 100 ? 1e-5 * 0.05 : 1e-5 * Double(1000 - step) / 900
            #expect(abs(schedule.learningRate(ofStep: step) - expected) < 1e-18)
        }
    }

    @Test func `anything drops out at the beginning of each epoch only`() {
        let schedule = Schedule(
            recipe {
                $0.budget = .epochs(2)
                $0.dropoutShare = 0.3
            }, examples: 80)
        #expect((0..<20).filter { schedule.dropsOut(inStep: $0) } == [0, 1, 2, 10, 11, 12])
        #expect((0..<20).allSatisfy { Schedule(recipe(), examples: 80).dropsOut(inStep: $0) })
    }

    @Test func `it evaluates k times an epoch and after the last step`() {
        let schedule = Schedule(
            recipe {
                $0.budget = .steps(25)
                $0.evaluations = 2
            }, examples: 80)
        #expect((1...25).filter { schedule.evaluates(after: $0) } == [5, 10, 15, 20, 25])
    }

    @Test func `more evaluations than steps in an epoch are one a step`() {
        let schedule = Schedule(
            recipe {
                $0.budget = .epochs(1)
                $0.evaluations = 10
            }, examples: 20)
        #expect((1...3).filter { schedule.evaluates(after: $0) } == [1, 2, 3])
    }
}

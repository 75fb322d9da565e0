import Experiments
import Scheduler
import Testing

/// When jobs are submitted to a batch system.
struct AllocationTests {
    private var limits = Allocation.Limits(backlog: 2, maxWorkers: 6, workersPerJob: 1, failures: 3)

    private func jobs(_ numbers: Range<Int>) -> [JobID] { numbers.map { JobID(rawValue: "\($0)") } }

    /// - Parameter queued: numbers of jobs.
    private func situation(
        open: Int = 100, ready: Int = 100, workers: Int = 0, idle: Int = 0, queued: Range<Int> = 0..<0,
        running: Range<Int> = 0..<0
    ) -> Allocation.Situation {
        .init(
            open: open, ready: ready, workers: Set((0..<workers).map { WorkerID(rawValue: "worker-\($0)") }),
            idle: idle,
            queued: jobs(queued), running: jobs(running))
    }

    @Test(arguments: [
        // As many as may wait, as there are stages, and as there may be workers.
        (ready: 100, workers: 0, idle: 0, queued: 0, running: 0, submitted: 2),
        (1, 0, 0, 0, 0, 1), (0, 0, 0, 0, 0, 0), (100, 0, 0, 1, 0, 1), (100, 0, 0, 2, 0, 0),
        (100, 5, 0, 0, 5, 1), (100, 6, 0, 0, 6, 0), (100, 4, 0, 1, 5, 0),
        // Whoever has nothing to do takes one, and so does whoever comes.
        (3, 2, 2, 0, 2, 1), (2, 2, 2, 0, 2, 0), (2, 1, 0, 0, 3, 0), (3, 1, 0, 0, 3, 1), (2, 0, 0, 1, 0, 1),
    ])
    func `so many are submitted as find work, may wait and may be`(
        ready: Int, workers: Int, idle: Int, queued: Int, running: Int, submitted: Int
    ) {
        var allocation = Allocation(limits)
        let now = situation(
            ready: ready, workers: workers, idle: idle, queued: 0..<queued, running: queued..<queued + running)
        #expect(allocation.decide(now, at: .zero) == (submitted > 0 ? .submit(jobs: submitted) : nil))
    }

    @Test(arguments: [(ready: 5, queued: 0, running: 0, submitted: 2), (4, 0, 0, 1), (9, 1, 0, 0), (9, 0, 1, 0)])
    func `a job of several workers counts as so many`(ready: Int, queued: Int, running: Int, submitted: Int) {
        var limits = limits
        limits.workersPerJob = 4
        limits.maxWorkers = ready == 9 ? 7 : 8
        var allocation = Allocation(limits)
        let now = situation(
            ready: ready, workers: 4 * running, queued: 0..<queued, running: queued..<queued + running)
        #expect(allocation.decide(now, at: .zero) == (submitted > 0 ? .submit(jobs: submitted) : nil))
    }

    @Test func `workers that no job has brought do not hide that those of a job are still to come`() {
        var allocation = Allocation(limits)
        // Three that are at work were there before the first job.
        #expect(allocation.decide(situation(ready: 1, workers: 3), at: .zero) == .submit(jobs: 1))
        #expect(allocation.decide(situation(ready: 1, workers: 3, running: 0..<1), at: .seconds(10)) == nil)
        // The job's own has come and has taken a stage; another one is ready.
        #expect(
            allocation.decide(situation(ready: 1, workers: 4, running: 0..<1), at: .seconds(20)) == .submit(jobs: 1))
    }

    @Test func `without work what waits is taken back, and then it ends`() {
        var allocation = Allocation(limits)
        let left = situation(open: 0, ready: 0, queued: 1..<3, running: 0..<1)
        #expect(allocation.decide(left, at: .zero) == .cancel(jobs(1..<3)))
        #expect(allocation.decide(situation(open: 0, ready: 0, running: 0..<1), at: .seconds(1)) == .end)
        var waiting = Allocation(limits)
        #expect(
            waiting.decide(situation(open: 3, ready: 0), at: .zero) == nil, "stages that wait for others will be ready")
    }

    @Test func `what is refused is tried again later and later, and then no more`() {
        var allocation = Allocation(limits)
        #expect(allocation.fail("no such partition", at: .zero) == nil)
        #expect(allocation.decide(situation(), at: .seconds(14)) == nil)
        #expect(allocation.decide(situation(), at: .seconds(15)) == .submit(jobs: 2))
        #expect(allocation.fail("no such partition", at: .seconds(15)) == nil)
        #expect(allocation.decide(situation(), at: .seconds(44)) == nil)
        #expect(allocation.decide(situation(), at: .seconds(45)) == .submit(jobs: 2))
        #expect(allocation.fail("no such account", at: .seconds(45)) == .giveUp("no such account"))
    }

    @Test func `jobs that end as soon as they begin are failures, and one that lasts makes good`() {
        var allocation = Allocation(limits)
        for attempt in 0..<2 {
            _ = allocation.decide(situation(queued: attempt..<attempt + 1), at: .seconds(100 * attempt))
            _ = allocation.decide(situation(), at: .seconds(100 * attempt + 50))
        }
        // The third works for a while, and two more fail.
        _ = allocation.decide(situation(running: 7..<8), at: .seconds(300))
        _ = allocation.decide(situation(running: 7..<8), at: .seconds(340))
        #expect(allocation.decide(situation(), at: .seconds(350)) == .submit(jobs: 2), "a job that worked may end")
        for attempt in 8..<11 {
            _ = allocation.decide(situation(running: attempt..<attempt + 1), at: .seconds(1000 * attempt))
            let decision = allocation.decide(situation(), at: .seconds(1000 * attempt + 10))
            guard attempt == 10 else {
                #expect(decision == nil)
                continue
            }
            guard case .giveUp(let words) = decision else {
                Issue.record("\(String(describing: decision))")
                return
            }
            #expect(words.contains("job 10 was gone"))
        }
    }

    @Test func `a job that is queued again has not failed, nor have jobs at the end`() {
        var allocation = Allocation(limits)
        for attempt in 0..<5 {
            _ = allocation.decide(situation(running: 0..<2), at: .seconds(10 * attempt))
            #expect(allocation.decide(situation(queued: 0..<2), at: .seconds(10 * attempt + 5)) == nil)
        }
        #expect(allocation.decide(situation(open: 0, ready: 0), at: .seconds(60)) == .end)
    }
}

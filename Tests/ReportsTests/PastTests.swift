import Experiments
import Files
import Reports
import Testing

/// Sweeps whose settings have changed: what is said of what they were.
struct PastTests {
    private let noon = Timestamp(rawValue: 1_700_000_000_000)

    /// The sweep of today, of two methods, and the one of before, whose second method was another.
    private func past() throws -> (now: SweepSnapshot, before: EarlierSettings) {
        let (now, before) = (try Sample(methods: ["finetune", "bitfit"]), try Sample(methods: ["finetune", "probe"]))
        let records = before.plan.stages.map { stage in
            Sample.finished(stage.key, [.accuracy, .matthews].map { Score(split: .dev, metric: $0, value: 0.25) })
        }
        let earlier = try #require(
            EarlierSettings(SweepReference("small~1"), before.plan, at: noon, records, [now.plan]))
        var snapshot = SweepSnapshot(now.plan, records)
        snapshot.earlier = [earlier]
        return (snapshot, earlier)
    }

    @Test func `only rows that no later settings have are of earlier ones`() throws {
        let (_, before) = try past()
        #expect(before.snapshot.plan.methods == ["probe"] && before.snapshot.plan.name == "small~1")
        #expect(before.snapshot.plan.rows.count == 4)
        let (fewer, more) = (try Sample(seeds: [1]).plan, try Sample(seeds: [1, 2]).plan)
        #expect(EarlierSettings(SweepReference("small~1"), fewer, at: noon, [], [more]) == nil, "a seed more")
    }

    @Test func `the table says that there are earlier rows, and all are shown on request`() throws {
        let (now, _) = try past()
        let table = ResultTable(now).rendered(.text, width: 1000)
        #expect(
            table.hasSuffix(
                "rows of earlier settings are not in this table: probe of small~1 (2023-11-14 22:13 UTC); --all shows them"
            ))
        let all = ResultHistory(now).rendered(.text, width: 1000)
        #expect(!all.contains("--all"))
        #expect(
            all.contains(
                "\n\nsmall~1: rows of the settings of 2023-11-14 22:13 UTC; `headstart diff small~1 small` says what has "
                    + "changed since\n\nsmall~1 on tiny: percent, mean ± standard deviation (seeds)\n\n"))
        #expect(all.contains("\nprobe   25.00 ± 0.00 (2)  25.00 ± 0.00 (2)\n"), "\(all)")
        let csv = ResultHistory(now).rendered(.csv).split(separator: "\n")
        #expect(csv[0] == "sweep,task,metric,method,mean,deviation,finished,failed,seeds,undefined")
        #expect(csv[1] == "small,cb,accuracy,finetune,25.00,0.00,2,0,2,0")
        #expect(csv.last == "small~1,cola,matthews,probe,25.00,0.00,2,0,2,0" && csv.count == 7)
    }

    @Test func `programs are told of earlier rows only where they ask`() throws {
        let (now, before) = try past()
        #expect(ResultRows(now).earlier == nil)
        let json = { (all: Bool) in String(decoding: try CanonicalJSON.encode(ResultRows(now, all: all)), as: UTF8.self)
        }
        #expect(try !json(false).contains("earlier"))
        #expect(try json(true).contains(#""earlier":[{"plannedAt":1700000000000,"rows":[{"#))
        #expect(try json(true).contains(#"],"sweep":"small~1"}],"rows":"#))
        #expect(ResultRows(now, all: true).earlier?.first?.rows == ResultRows(before.snapshot).rows)
    }

    @Test func `every seed has a line, with the whole value and the whole key`() throws {
        let sample = try Sample()
        let csv = SeedListing(sample.underWay).rendered(.csv).split(separator: "\n")
        let key = sample.keys("cb", "finetune")[0]
        #expect(csv[0] == "sweep,task,metric,method,fold,seed,scoredOn,split,value,examples,state,key")
        #expect(csv[1] == "small,cb,accuracy,finetune,,1,cb,dev,0.8,56,finished,\(key)")
        #expect(csv.count == 1 + 8 && csv[4].hasPrefix("small,cb,accuracy,eh_ft,,2,cb,dev,,56,failed,"))
        #expect(SeedListing(sample.underWay, allMetrics: true).rendered(.csv).split(separator: "\n").count == 1 + 12)
        let text = SeedListing(sample.underWay).rendered(.text).split(separator: "\n")
        #expect(text[0] == "small on tiny: scores in percent, by seed")
        #expect(text[3].hasPrefix("cb    accuracy  finetune     1  80.00  finished  \(key.short)"), "\(text[3])")
        let past = try past().now
        #expect(!SeedListing(past).rendered(.csv).contains("small~1"))
        #expect(SeedListing(past, all: true).rendered(.text).contains("\nsmall~1   cb"))
    }

    @Test func `sweeps are listed with how far each has come`() throws {
        let sample = try Sample()
        let (now, before) = try past()
        let listing = SweepListing(
            [
                (SweepReference("small"), noon, sample.underWay), (SweepReference("small~1"), noon, now),
                (SweepReference("small~2"), noon, before.snapshot),
            ], isWorkedOn: true)
        #expect(listing.sweeps.map(\.state) == [.running, .waiting, .finished])
        #expect(
            listing.text().split(separator: "\n")[2]
                == "small    2023-11-14 22:13 UTC    5/12  running       2  tiny   cb, cola  finetune, eh_ft")
        let json = String(decoding: try CanonicalJSON.encode(listing), as: UTF8.self)
        #expect(
            json.hasPrefix(
                #"{"sweeps":[{"finished":5,"methods":["finetune","eh_ft"],"model":"tiny","plannedAt":1700000000000,"#
                    + #""seeds":2,"stages":12,"state":"running","sweep":"small","tasks":["cb","cola"]},{"#))
        let idle = SweepListing([(SweepReference("small"), noon, sample.underWay)], isWorkedOn: false)
        #expect(idle.sweeps.map(\.state) == [.waiting])
        let stage = sample.plan.stages[0].key
        let plan = sample.plan.keeping([SweepRow(task: "cb", method: "finetune", seed: 1, stages: [stage])], as: "x")
        let only = SweepPlan(
            name: "x", model: plan.model, dataDirectory: "", tasks: plan.tasks, stages: [plan.stages[0]],
            rows: plan.rows)
        let failed = SweepSnapshot(only, [StageRecord(key: stage, standing: .setAside(reason: "lost"))])
        #expect(SweepListing([(SweepReference("x"), noon, failed)], isWorkedOn: true).sweeps[0].state == .failed)
    }
}

import Experiments
import Files
import Reports
import Testing

struct LineageTests {
    private func lineage(_ snapshot: SweepSnapshot, _ key: StageKey) throws -> Lineage {
        func known(_ key: StageKey) throws -> Lineage.Known {
            Lineage.Known(
                try #require(StageDifferences.Known(key, in: snapshot.plan)), snapshot[key],
                endedAt: Timestamp(rawValue: 1_700_000_000_000))
        }
        return try Lineage(try known(key), known: known)
    }

    @Test func `a number leads to the digests of all that went into it, stage by stage`() throws {
        let sample = try Sample()
        let (first, second) = (sample.keys("cb", "eh_ft/1")[0], sample.keys("cb", "eh_ft/2")[0])
        let lineage = try lineage(sample.underWay, second)
        let recipe = try #require(sample.plan.stages.first { $0.key == second }).specification.recipe
        #expect(lineage.recipe == (try Digest(ofCanonicalJSON: recipe)))
        #expect(lineage.inputs.map(\.from.key) == [first] && lineage.inputs[0].kind == .head)
        let head = Digest(of: Array(first.rawValue.hex.utf8))
        #expect(lineage.inputs[0].artifact?.rawValue == head)
        let text = lineage.text()
        #expect(text.hasPrefix("cb eh_ft/2 seed 1\n  key         \(second)\n  score       accuracy 75.00 on dev\n"))
        #expect(text.contains("\n  model       \(Digest(of: [1]))\n              tiny\n"), "\(text)")
        #expect(text.contains("\n  data        \(Digest(of: Array("cb".utf8)))\n"))
        #expect(text.contains("\n              train, dev in /data, 250 rows to train on and 56 scored on\n"))
        #expect(text.contains("\n  recipe      \(lineage.recipe)\n              epochs 2.7\n"))
        #expect(text.contains("\n  program     of a version that was not noted, version 3 of training\n"))
        #expect(
            text.contains(
                "\n  trained     until 2023-11-14 22:13 UTC on here, 1 rank of 2 threads, SkylakeX, 1 attempt\n"))
        #expect(text.contains("\n  starts from head \(head) of\n    cb eh_ft/1 seed 1\n      key         \(first)\n"))
        #expect(text.contains("\n                  tune bitfit, epochs 0.3, lr 0.0005\n"))
    }

    @Test func `programs get every digest, and null where there is none yet`() throws {
        let sample = try Sample()
        let key = sample.keys("cola", "eh_ft/2")[0]
        let json = String(
            decoding: try CanonicalJSON.encode(try lineage(sample.underWay, key)), as: UTF8.self)
        #expect(json.contains(#""inputs":[{"artifact":null,"from":{"#) && json.contains(#""program":null"#))
        #expect(json.contains(#""settings":{"epochs":"2.7"},"stage":"eh_ft/2","state":"waiting""#))
        let text = try lineage(sample.underWay, key).text()
        #expect(text.contains("score       none: the stage is waiting") && text.contains("(not made yet)"))
    }
}

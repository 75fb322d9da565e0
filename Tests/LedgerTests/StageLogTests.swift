import Experiments
import Ledger
import TestKit
import Testing

@Suite struct StageLogTests {
    @Test func `a log grows by what is new`() throws {
        let store = try TemporaryFolder()
        let logs = StageLogs(store: store.path)
        let stage = StageKey(rawValue: anyDigest)
        for (text, offset) in [("one\n", 0), ("one\ntwo\n", 0), ("two\n", 4), ("four\n", 100)] {
            try logs.append(text, at: offset, to: stage, first)
        }
        #expect(logs.path(of: stage, first) == "\(store.path)/logs/\(stage)/attempt-1.log")
        let text = try String(contentsOfFile: logs.path(of: stage, first), encoding: .utf8)
        #expect(text == "one\ntwo\nfour\n")
    }
}

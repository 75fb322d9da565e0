import Experiments
import Files
import Reports
import Testing

struct ClassReportTests {
    private func report() throws -> ClassReport {
        let sample = try Sample(methods: ["one", "three"], tasks: [Sample.task("own", metrics: [.accuracy])])
        let expected = [0, 0, 0, 1]
        let said = ["one": [[0, 0, 0, 1], [0, 0, 1, 1]], "three": [[0, 0, 0, 0], [0, 0, 0, 0]]]
        let records = sample.plan.rows.compactMap { row in
            said[row.method].flatMap { runs in
                row.stages.last.map {
                    Sample.finished(
                        $0, [], confusion: Confusion(predicted: runs[Int(row.seed) - 1], expected: expected))
                }
            }
        }
        return ClassReport(SweepSnapshot(sample.plan, records))
    }

    @Test func `each class has its precision, recall and F1 over the seeds`() throws {
        #expect(
            try report().classes(.text) == """
                small on tiny, own by class: percent, mean ± standard deviation over the seeds

                method  class  examples      precision         recall             F1
                ──────  ─────  ────────  ─────────────  ─────────────  ─────────────
                one     a             3  100.00 ± 0.00  83.33 ± 23.57  90.00 ± 14.14
                one     b             1  75.00 ± 35.36  100.00 ± 0.00  83.33 ± 23.57
                three   a             3   75.00 ± 0.00  100.00 ± 0.00   85.71 ± 0.00
                three   b             1      undefined    0.00 ± 0.00    0.00 ± 0.00

                undefined: what was never said has no precision, and what is not there no recall
                """)
        #expect(
            try report().classes(.csv).hasSuffix(
                """
                own,one,b,1,2,75.00,35.36,0,100.00,0.00,0,83.33,23.57,0
                own,three,a,3,2,75.00,0.00,0,100.00,0.00,0,85.71,0.00,0
                own,three,b,1,2,,,2,0.00,0.00,0,0.00,0.00,0
                """))
    }

    @Test func `the confusion adds up the seeds`() throws {
        #expect(
            try report().confusion(.text) == """
                own one: examples by what is right (down) and what was said (across), 2 seeds added up

                right  a  b
                ─────  ─  ─
                a      5  1
                b      0  2

                own three: examples by what is right (down) and what was said (across), 2 seeds added up

                right  a  b
                ─────  ─  ─
                a      6  0
                b      2  0
                """)
        #expect(try report().confusion(.csv).hasPrefix("task,method,seeds,right,said,count\nown,one,2,a,a,5\n"))
    }

    @Test func `json has the seeds by themselves, and null where a class has no value`() throws {
        let json = String(decoding: try CanonicalJSON.encode(try report()), as: UTF8.self)
        #expect(
            json.contains(
                #"{"examples":1,"f1":[0,0],"label":"b","precision":[null,null],"recall":[0,0]}],"confusion":[[0,0,6],[1,0,2]]"#
            ))
    }

    @Test func `a sweep whose results say nothing of classes has an empty report`() throws {
        #expect(ClassReport(try Sample().underWay).entries.isEmpty)
    }
}

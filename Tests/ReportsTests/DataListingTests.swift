import Experiments
import Files
import Reports
import Tasks
import TestKit
import Testing

struct DataListingTests {
    private let check: DataCheck

    init() throws {
        let text = "sentence\tlabel\nthe cat sings\tgood\nthe dog sleeps\tbad\nthe Cat  sings\tbad\n"
        let folder = try TemporaryFolder(["file": text])
        let task = TaskDefinition(
            name: "own", train: "file", dev: "file", format: .tsv, text: .name("sentence"), label: .name("label"),
            labels: ["bad", "good"], metrics: [.accuracy])
        check = try DataCheck(try Dataset.load(task, in: folder.path))
    }

    @Test func `a check is a column for each file, and its warnings`() throws {
        let lines = check.text().split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines.prefix(9).joined(separator: "\n") == """
                own

                                    train         dev
                ─────────────  ──────────  ──────────
                rows                    3           3
                bad            2 (66.7 %)  2 (66.7 %)
                good           1 (33.3 %)  1 (33.3 %)
                repeated rows           1           1
                also in train           –           3
                """)
        #expect(lines.count == 10 + check.warnings.count && lines.dropFirst(10).allSatisfy { $0.hasPrefix("! ") })
    }

    @Test func `in short it is a line, and its warnings`() {
        let lines = check.summary().split(separator: "\n")
        #expect(lines.first == "own: 3 rows of train, 3 rows of dev; 66.7 % bad, 33.3 % good")
        #expect(lines.count == 1 + check.warnings.count)
    }

    @Test(arguments: [40, 80]) func `a narrow terminal gets narrow lines`(width: Int) {
        for text in [check.text(width: width), check.summary(width: width)] {
            for line in text.split(separator: "\n") { #expect(line.count <= width, "\(line)") }
        }
    }

    @Test func `what is not known is null`() throws {
        let json = String(decoding: try CanonicalJSON.encode(check), as: UTF8.self)
        #expect(
            json.contains(#""inTrain":null,"labels":[{"count":2,"label":"bad"}"#) && json.contains(#""lengths":null"#))
    }
}

import Configuration
import Experiments
import Foundation
import Testing

struct PublishedResultsTests {
    static let configs = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("configs").path

    private func shipped() throws -> PublishedResults {
        try PublishedResults.read(program: nil, environment: ["HEADSTART_CONFIGS": Self.configs])
    }

    @Test func `the shipped tables are complete`() throws {
        let counts = Dictionary(uniqueKeysWithValues: try shipped().tables.map { ($0.name, $0.scores.count) })
        // Counted in the papers: rows by columns.
        #expect(
            counts == [
                "ehft/1": 13 * 9, "ehft/2": 2 * 9, "ehft/3": 2 * 9, "ehft/4": 6 * 3, "what-to-freeze/I": 49,
                "what-to-freeze/II": 7 * 6, "what-to-freeze/III": 7 * 6, "optimal-subset/1": 9 * 4,
                "optimal-subset/3": 13 * 5, "optimal-subset/6": 4 * 8 * 2, "optimal-subset/7": 4 * 8 * 4,
                "optimal-subset/8": 4 * 6 * 5 + 1, "optimal-subset/9": 6 * 4, "optimal-subset/10": 4 * 5,
                "optimal-subset/11": 4 * 6 * 7,
            ])
    }

    /// As the README beside the numbers says.
    @Test func `every number but those of another paper's row is put beside one of ours`() throws {
        let scores = try shipped().tables.flatMap(\.scores)
        let others = scores.filter { $0.counterpart == nil }
        #expect(scores.count == 930 && others.count == 9)
        #expect(others.allSatisfy { $0.method == "Finetuning (Liu et al. 2019)" })
    }

    @Test func `numbers are in percent and know what they are called here`() throws {
        let table = try shipped().table(named: "optimal-subset/1")
        let score = try #require(table.scores.first { $0.method == "Random subset" && $0.task == "TREC-6" })
        #expect(score.mean == 97.20 && score.deviation == 0.32 && score.runs == 5)
        #expect(score.counterpart == .init(methods: ["decoder-random"], tasks: ["trec"], metric: "accuracy"))
        let gap = try shipped().table(named: "optimal-subset/11").scores.first { $0.metric == "generalization_gap" }
        #expect(gap?.counterpart?.baselines == [.nothing])
        let second = try shipped().table(named: "optimal-subset/6").scores.first { $0.counterpart?.baselines != nil }
        #expect(second?.counterpart?.methods.count == 4)
        #expect(second?.counterpart?.baselines?.first == .score(method: "decoder-finetune", task: "conll2003-en"))
        let topK = try shipped().table(named: "ehft/1").scores.first { $0.method == "Top-K Tuning" }
        #expect(topK?.counterpart?.methods == ["top-3", "top-6", "top-12"])
    }

    @Test func `no two numbers of a table are the same cell of a sweep`() throws {
        for table in try shipped().tables {
            let cells = table.scores.compactMap(\.counterpart)
            #expect(Set(cells).count == cells.count, "\(table.name)")
        }
    }

    @Test func `an unknown table gets the nearest name and the list`() throws {
        let results = try shipped()
        do {
            _ = try results.table(named: "ehft/7")
            Issue.record("there is no such table")
        } catch {
            #expect("\(error)".hasPrefix("no published table 'ehft/7'; did you mean 'ehft/1'? known: ehft/1, ehft/2"))
        }
    }

    @Test(arguments: [
        ("table\tmodel", "results.tsv:1: the first line must name the columns table, model, method"),
        ("HEAD\na\tb", "results.tsv:2: the line has 2 columns instead of 14"),
        ("HEAD\n\na\tb", "results.tsv:3: the line has 2 columns instead of 14"),
        ("HEAD\na\tb\tc\td\te\tf\t1\t\t4\t\tm n o\tt\tscore\tx y", "results.tsv:2: 'our-less' must have one word"),
        ("HEAD\na\tb\tc\td\te\tf\tmany\t\t4\t\t\t\t\t", "results.tsv:2: 'mean', 'std' and 'runs' must be numbers"),
    ])
    func `a file that is not of the form is told with its line`(text: String, sentence: String) throws {
        let fixture = try Fixture()
        let head =
            "table\tmodel\tmethod\tsetting\ttask\tmetric\tmean\tstd\truns\tnote\tour-methods\tour-tasks\tour-metric\tour-less"
        try fixture.write("results.tsv", text.replacing("HEAD", with: head))
        let told = fixture.told { _ = try PublishedResults(file: fixture.directory + "/results.tsv") }
        #expect(told.hasPrefix(sentence), "\(told)")
    }
}

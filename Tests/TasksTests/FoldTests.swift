import Experiments
import Tasks
import TestKit
import Testing

/// The rows of a file in the folds of cross-validation.
struct FoldTests {
    /// Rows of 40 texts, of which every third comes twice and every tenth is a yes.
    private let rows: [(text: String, label: String)] = (0..<40).flatMap { row in
        let pair = (text: "text \(row)", label: row % 10 == 0 ? "yes" : "no")
        return row % 3 == 0 ? [pair, pair] : [pair]
    }

    private func task(_ folds: Int, seed: UInt64? = nil) -> TaskDefinition {
        TaskDefinition(
            name: "own", train: "train", dev: nil, folds: folds, devSeed: seed, format: .tsv, text: .name("text"),
            label: .name("label"), labels: ["no", "yes"], metrics: [.accuracy])
    }

    private func folds(_ count: Int, seed: UInt64? = nil, _ rows: [(text: String, label: String)]? = nil) throws
        -> [Dataset]
    {
        let lines = (rows ?? self.rows).map { "\($0.text)\t\($0.label)\n" }
        let folder = try TemporaryFolder(["train": "text\tlabel\n" + lines.joined()])
        return try task(count, seed: seed).trained.map { try Dataset.load($0, in: folder.path) }
    }

    private func texts(_ examples: [Example]) -> [String] {
        examples.map { example in
            if case .text(let texts) = example.content { texts.text } else { "" }
        }
    }

    @Test(arguments: [2, 3, 5, 10, 40])
    func `every row is scored on once, and trained on in all other folds`(count: Int) throws {
        let folds = try folds(count)
        #expect(folds.count == count)
        #expect(folds.flatMap { texts($0.dev) }.sorted() == rows.map(\.text).sorted())
        for fold in folds {
            #expect(!fold.dev.isEmpty && fold.train.count + fold.dev.count == rows.count)
            #expect(Set(texts(fold.dev)).isDisjoint(with: texts(fold.train)), "rows with one text stay together")
            let parts = [fold.train, fold.dev].map(texts)
            #expect(
                parts.allSatisfy { part in part == rows.map(\.text).filter(Set(part).contains) }, "in the file's order")
        }
    }

    @Test func `each fold has its share of every label`() throws {
        let single = (0..<103).map { (text: "text \($0)", label: $0 % 10 == 0 ? "yes" : "no") }
        let folds = try folds(5, single)
        #expect(folds.map(\.dev.count).sorted() == [20, 20, 21, 21, 21])
        #expect(folds.map { $0.dev.count { $0.labels == [.category(1)] } }.sorted() == [2, 2, 2, 2, 3])
    }

    @Test func `a text that comes often takes no label out of its fold`() throws {
        let often = Array(repeating: (text: "often", label: "no"), count: 20)
        let others = (0..<60).map { (text: "text \($0)", label: $0 % 3 == 0 ? "yes" : "no") }
        let folds = try folds(5, often + others)
        #expect(folds.map { $0.dev.count { $0.labels == [.category(1)] } } == [4, 4, 4, 4, 4])
    }

    @Test func `the task's seed decides, and nothing else`() throws {
        let devs = { (seed: UInt64?) in try folds(5, seed: seed).map(\.dev) }
        #expect(try devs(nil) == devs(nil))
        #expect(try devs(nil) == devs(0))
        #expect(try devs(nil) != devs(1))
    }

    @Test func `too few texts for the folds are told, and so is a fold with nothing to learn`() throws {
        let few = #expect(throws: DatasetError.self) {
            try folds(5, ["a", "b", "c", "a", "b"].map { (text: $0, label: $0 == "a" ? "yes" : "no") })
        }
        #expect(few?.message == "3 different texts cannot be dealt into 5 folds; each needs one at least")
        let alone = #expect(throws: DatasetError.self) {
            try folds(2, [("a", "yes"), ("b", "no"), ("c", "no")])
        }
        #expect(alone?.message.hasPrefix("every row has the label 'no', so there is nothing to learn") == true)
    }

    @Test func `each fold is a task of its own content`() throws {
        let whole = task(5)
        let names = whole.trained.map(\.name)
        #expect(names == ["own/1", "own/2", "own/3", "own/4", "own/5"])
        #expect(whole.trained.map(\.tableName) == Array(repeating: "own", count: 5))
        #expect(whole.trained.flatMap(\.trained) == whole.trained, "a fold has none")
        let folder = try TemporaryFolder(["train": "text\tlabel\na\tyes\nb\tno\n"])
        let contents = try (whole.trained + task(4).trained).map { try Dataset.contentDigest($0, in: folder.path) }
        #expect(Set(contents).count == 9)
    }
}

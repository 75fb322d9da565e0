import Experiments
import Foundation
import Tasks
import TestKit
import Testing

/// What `headstart init` takes a file for.
struct TaskGuessTests {
    private func guess(
        _ text: String, file: String = "data.csv", _ change: (inout TaskGuess.Hints) -> Void = { _ in }
    ) throws -> TaskGuess {
        try guess(Array(text.utf8), file: file, change)
    }

    private func guess(
        _ bytes: [UInt8], file: String = "data.csv", _ change: (inout TaskGuess.Hints) -> Void = { _ in }
    ) throws -> TaskGuess {
        let folder = try TemporaryFolder([file: bytes])
        var hints = TaskGuess.Hints()
        change(&hints)
        let guess = try TaskGuess(path: folder[file], file: file, name: "data", hints)
        // Whatever is guessed can be read.
        let dataset = try Dataset.load(guess.task, in: folder.path)
        #expect(!dataset.train.isEmpty && !dataset.dev.isEmpty)
        return guess
    }

    private func refusal(
        _ text: String, file: String = "data.csv", _ change: (inout TaskGuess.Hints) -> Void = { _ in }
    ) -> String {
        let error = #expect(throws: DatasetError.self) { _ = try guess(text, file: file, change) }
        return error.map { "\($0)".replacing(/^\S*data/, with: "data") } ?? ""
    }

    /// Rows of a sentence and a label.
    private func table(
        _ labels: [String], count: Int = 40, header: String? = "review,sentiment", separator: String = ","
    ) -> String {
        let rows = (0..<count).map { "sentence number \($0) of the file\(separator)\(labels[$0 % labels.count])" }
        return ((header.map { [$0] } ?? []) + rows).joined(separator: "\n") + "\n"
    }

    @Test func `two columns are a text and its class`() throws {
        let guess = try guess(table(["good", "bad"]))
        #expect(
            guess.task
                == TaskDefinition(
                    name: "data", train: "data.csv", dev: nil, devShare: 0.2, format: .csv, text: .name("review"),
                    label: .name("sentiment"), labels: ["bad", "good"], metrics: [.accuracy, .macroF1]))
        #expect(guess.rowCount == 40)
        #expect(guess.reasons.map(\.key) == ["format", "text", "label", "labels", "metrics", "dev"])
        #expect(guess.reasons[3].reason == "2 classes: bad (20), good (20)")
    }

    @Test func `a file without a line of names is read by numbers`() throws {
        let guess = try guess(table(["good", "bad"], header: nil))
        #expect(!guess.task.header && guess.task.text == .number(1) && guess.task.label == .number(2))
        #expect(guess.rowCount == 40)
        let told = try self.guess(table(["good", "bad"]).replacing("review,sentiment\n", with: "")) {
            $0.header = false
        }
        #expect(told.task == guess.task)
    }

    @Test func `a first column without a name numbers the rows, and few rows are enough for a label`() throws {
        let rows = (0..<12).map { "\($0),a sentence of some words \($0),\(["x", "y", "z"][$0 % 3])" }
        let task = try guess(",words,grade\n" + rows.joined(separator: "\n")).task
        #expect(task.header && task.text == .name("words") && task.label == .name("grade"))
        let two = rows.map { $0.drop { $0 != "," }.dropFirst() }.joined(separator: "\n")
        #expect(try guess("words,shape\n" + two).task.label == .name("shape"))
    }

    @Test(arguments: [("data.tsv", "\t"), ("data.txt", "\t"), ("data.csv", "\t"), ("data.txt", ",")])
    func `what stands between columns is looked at`(file: String, separator: String) throws {
        let text = table(["x", "y"], header: "review\(separator)kind", separator: separator)
        #expect(try guess(text, file: file).task.format == (separator == "," ? .csv : .tsv))
    }

    @Test func `JSON lines have their fields as columns, and lists are none`() throws {
        let lines = (0..<30).map {
            #"{"id": \#($0), "tags": [1], "body": "a text of words \#($0)", "ok": \#($0 % 3 == 0)}"#
        }
        let task = try guess(lines.joined(separator: "\n"), file: "data.jsonl").task
        #expect(task.format == .jsonl && task.text == .name("body") && task.label == .name("ok"))
        #expect(task.labels == ["false", "true"])
    }

    @Test func `a rare class takes a metric that sees it, and of two comes second`() throws {
        let labels = ["spam"] + Array(repeating: "ham", count: 9)
        let guess = try guess(table(labels, count: 100))
        #expect(guess.task.metrics == [.macroF1, .balancedAccuracy, .accuracy])
        #expect(guess.task.labels == ["ham", "spam"])
        #expect(guess.reasons.first { $0.key == "metrics" }?.reason.contains("'spam' is rare") == true)
        let other = try self.guess(table(["a"] + Array(repeating: "z", count: 9), count: 100))
        #expect(other.task.labels == ["z", "a"], "the rare one is what F1, precision and recall are of")
    }

    @Test func `grades are classes by size, and numbers on request`() throws {
        let grades = table(["10", "9", "1"], count: 60)
        #expect(try guess(grades).task.labels == ["1", "9", "10"])
        let numbers = try guess(grades) { $0.isRegression = true }.task
        #expect(numbers.labels == nil && numbers.metrics == [.pearson, .spearman, .rmse])
    }

    @Test func `numbers with fractions are to be predicted as such`() throws {
        let task = try guess(table((0..<30).map { "\(Double($0) / 10)" })).task
        #expect(task.labels == nil && task.label == .name("sentiment"))
        #expect(try guess(table(["0.0", "1.0"])).task.labels == ["0.0", "1.0"], "two values are classes")
    }

    @Test func `pairs are known by their names, and columns nobody needs are passed over`() throws {
        let rows = (0..<40).map { "\($0),a premise number \($0) here,a hypothesis of words \($0),\($0 % 2)" }
        let task = try guess(("idx,sentence1,sentence2,label\n" + rows.joined(separator: "\n"))).task
        #expect(task.text == .name("sentence1") && task.pair == .name("sentence2") && task.label == .name("label"))
    }

    @Test func `what rows lack and what they have too much is let pass and said`() throws {
        let guess = try guess(
            table(["good", "bad"], count: 60) + ",good\nonly a text here,\na surplus field is here,bad,x\n")
        #expect(guess.task.skipsEmpty == true && guess.task.ignoresExtra == true)
        #expect(guess.reasons.contains { $0 == ("empty", "2 rows without a text or a label are left out") })
    }

    @Test func `rows that lack only what nobody reads are let pass`() throws {
        let rows = (0..<40).map { "a text of words \($0),\($0 % 2 == 0 ? "good" : "bad"),a note" }
        let guess = try guess((["text,label,note"] + rows + ["a text without a note,good"]).joined(separator: "\n"))
        #expect(guess.task.skipsEmpty == true)
        #expect(guess.reasons.contains { $0 == ("empty", "some rows have fewer fields than the first") })
    }

    @Test func `old files are taken for Latin-1`() throws {
        var bytes = Array(table(["good", "bad"]).utf8)
        bytes.replaceSubrange(bytes.count - 20..<bytes.count - 19, with: [0xE9])
        #expect(try guess(bytes).task.encoding == .latin1)
    }

    @Test func `what cannot be guessed is asked for by the option that says it`() {
        let two =
            "title,body,label\n"
            + (0..<40).map { "a title of words \($0),a body of words \($0),\($0 % 2)" }
            .joined(separator: "\n")
        #expect(
            refusal(two)
                == "data.csv: which column is the text? 'title', 'body' could be it; say --text COLUMN, and --pair COLUMN "
                + "where two texts belong together")
        let kinds =
            "words,shape,size\n"
            + (0..<40).map { "some words of a text \($0),s\($0 % 2),t\($0 % 3)" }
            .joined(separator: "\n")
        #expect(
            refusal(kinds) == "data.csv: which column is the label? 'shape', 'size' could be it; say --label COLUMN")
        #expect(refusal(table(["good"])).contains("every row has the label 'good'"))
        let many = (0..<120).map { "name\($0)" }
        #expect(refusal(table(many, count: 240)).contains("--kind classification"))
        #expect(refusal(table(["good", "bad"])) { $0.isRegression = true }.contains("needs numbers"))
        #expect(refusal(table(["good", "bad"])) { $0.label = "sentimant" }.contains("did you mean 'sentiment'?"))
        #expect(
            refusal(table(["good", "bad"])) {
                $0.text = "sentiment"; $0.label = "sentiment"
            }.contains("must name columns that differ"))
        #expect(refusal(table(["good", "bad"], count: 6)).contains("10 are the fewest"))
    }

    @Test func `files that are no tables say what to do`() {
        #expect(refusal(table(["a", "b"], header: "x;y", separator: ";")).contains("save it with commas or tabs"))
        let loose = table(["good", "bad"]).replacing("of the file", with: "of, say, the file")
        #expect(
            refusal(loose).contains("40 of 40 rows have more than the 2 columns of line 1; put texts that have a comma")
        )
        #expect(refusal("one column\nalone\n").contains("one column alone"))
        #expect(refusal(#"[{"a": 1}]"#, file: "data.json").contains("write an object a line"))
        #expect(refusal("").contains("is empty"))
        #expect(refusal("a,b\n").contains("no rows"))
        #expect(refusal("{\"a\": 1}\n[1]\n", file: "data.jsonl").contains("data.jsonl:2: the line is no object"))
    }

    @Test func `whatever the bytes, there is a guess or a sentence`() throws {
        let objects = (0..<20).map { "{\"a\": \"some words here \($0)\", \"b\": \($0 % 2), \"c\": [\($0)]}" }
        let samples = [
            Array(table(["x", "y"], count: 20).utf8), Array(objects.joined(separator: "\n").utf8),
            Array(table(["1.5", "2"], count: 20, separator: "\t").utf8),
        ]
        let strange = ["\u{FEFF}", ",,,", "\"", "\n\n", "\t", "{}", "[]", "\0", "1e999", ";"].map { Array($0.utf8) }
        var mutator = Mutator(seed: 1)
        var (guessed, refused) = (0, 0)
        for number in 0..<3000 {
            let file = mutator.mutated(samples[number % 3], among: samples + strange)
            let folder = try TemporaryFolder(["data.csv": file])
            do throws(DatasetError) {
                let guess = try TaskGuess(path: folder["data.csv"], file: "data.csv", name: "data")
                _ = try Dataset.load(guess.task, in: folder.path)
                guessed += 1
            } catch {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        #expect(guessed > 300 && refused > 300, "\(guessed) guessed, \(refused) refused")
    }
}

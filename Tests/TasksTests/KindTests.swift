import Experiments
import Foundation
import Tasks
import TestKit
import Testing

/// Reading the kinds of tasks whose examples are more than a text with a class.
struct KindTests {
    private func definition(
        _ kind: TaskDefinition.Kind, _ format: TaskDefinition.FileFormat, text: Column = .name("text"),
        pair: Column? = nil, choices: [Column]? = nil, targets: [Column]? = nil, label: Column? = .name("label"),
        labels: [String]?, train: String = "train"
    ) -> TaskDefinition {
        TaskDefinition(
            name: "test", train: DataFiles([train]), dev: DataFiles([train]), kind: kind, format: format, text: text,
            pair: pair,
            choices: choices, targets: targets, label: label, labels: labels, metrics: [.accuracy])
    }

    private func load(_ files: [String: String], _ definition: TaskDefinition) throws -> [Example] {
        let folder = try TemporaryFolder(files.mapValues { Array($0.utf8) })
        return try Dataset.load(definition, in: folder.path).train
    }

    private func failure(_ files: [String: String], _ definition: TaskDefinition) throws -> String {
        let folder = try TemporaryFolder(files.mapValues { Array($0.utf8) })
        let error = #expect(throws: DatasetError.self) { try Dataset.load(definition, in: folder.path) }
        return error?.description.replacing(folder.path + "/", with: "") ?? ""
    }

    // MARK: - Choices

    private func copa(_ items: String) -> String {
        "<?xml version=\"1.0\"?>\n<!DOCTYPE copa-corpus SYSTEM \"copa.dtd\">\n<copa-corpus version=\"1.0\">\n\(items)\n</copa-corpus>\n"
    }

    private var copaTask: TaskDefinition {
        definition(
            .choices, .copa, text: .name("premise"), choices: [.name("choice1"), .name("choice2")], labels: ["1", "2"])
    }

    @Test(arguments: [
        ("\"effect\", \"label\": 2", "field 'label' must be 0 or 1, not '2'"),
        ("\"why\", \"label\": 1", "field 'question' must be cause or effect, not 'why'"),
        ("\"cause\"", "there is no field 'label'; known: premise, choice1, choice2, question"),
    ])
    func `a bad JSON line of COPA is an error with its line`(more: String, message: String) throws {
        let line = "{\"premise\": \"A.\", \"choice1\": \"B.\", \"choice2\": \"C.\", \"question\": \(more)}"
        #expect(try failure(["train": line], copaTask) == "train:1: \(message)")
    }

    @Test func `items of COPA become a sentence for each alternative`() throws {
        let examples = try load(
            [
                "train": copa(
                    """
                    <item id="1" asks-for="cause" most-plausible-alternative="1"><p>My body cast a shadow.</p>
                      <a1>The sun was rising.</a1><a2>I sat &amp; ate.</a2></item>
                    <item id="2" asks-for="effect" most-plausible-alternative="2"><p>It rained!</p>
                      <a1>A</a1><a2>B</a2></item>
                    """)
            ], copaTask)
        #expect(
            examples == [
                Example(
                    .choices([
                        TextPair("My body cast a shadow because the sun was rising."),
                        TextPair("My body cast a shadow because i sat & ate."),
                    ]), labels: [.category(0)]),
                Example(.choices([TextPair("It rained! so a"), TextPair("It rained! so b")]), labels: [.category(1)]),
            ])
    }

    @Test func `XML is read in all the ways it can be written`() throws {
        let item = """
            <!-- <item> & "none" --><?note?><?more or less?>
            <item id='1' asks-for = "cause"\n most-plausible-alternative\t=\t'1'><p >\r\n A&#x20;&lt;b&#233;&gt;. </p\n>
            <a1><![CDATA[X & <y>]]> &quot;]]&quot;</a1><a2>Y<br/> &apos;z&apos;</a2></item>
            <item asks-for="effect" most-plausible-alternative="2"><p>c</p><a1>d</a1><a2>b</a2></item>
            """
        let example = Example(
            .choices([TextPair("A <bé> because x & <y> \"]]\""), TextPair("A <bé> because y 'z'")]),
            labels: [.category(0)])
        let examples = try load(["train": copa(item)], copaTask)
        #expect(examples.first == example)
        #expect(examples.last?.content == .choices([TextPair("c so d"), TextPair("c so b")]))
    }

    @Test(arguments: [
        (
            "<item id=\"1\" asks-for=\"cause\">",
            "train:4: not XML of COPA's form: an item has no 'most-plausible-alternative'"
        ),
        (
            "<item asks-for=\"why\" most-plausible-alternative=\"1\">",
            "train:4: not XML of COPA's form: 'asks-for' must be cause or effect, not 'why'"
        ),
        (
            "<item asks-for=\"cause\" most-plausible-alternative=\"1\"><p>a</p><a1>b</a1></item>",
            "train:4: not XML of COPA's form: an item has no 'a2'"
        ),
        (
            "<item asks-for=\"cause\" most-plausible-alternative=\"left\"><p>a</p><a1>b</a1><a2>c</a2></item>",
            "train:4: field 'label': 'left' is not one of 1, 2"
        ),
        ("<item", "train:5: not XML of COPA's form: not well-formed (invalid token)"),
        ("<item asks-for=\"cause\" asks-for=\"cause\">", "train:4: not XML of COPA's form: duplicate attribute"),
        ("<p>a</a1>", "train:4: not XML of COPA's form: mismatched tag"),
        ("<p>a&b", "train:4: not XML of COPA's form: not well-formed (invalid token)"),
        ("</copa-corpus>\n<p>", "train:5: not XML of COPA's form: junk after document element"),
        ("<!-- <p>", "train:4: not XML of COPA's form: unclosed token"),
        ("<p>&eacute;</p>", "train:4: not XML of COPA's form: it has an unknown entity '&eacute;'"),
        ("", "train: the dataset is empty: the file has no rows"),
    ])
    func `a bad item is an error with its line`(item: String, message: String) throws {
        #expect(try failure(["train": copa(item)], copaTask) == message)
    }

    @Test func `choices of any table are read beside the text`() throws {
        let task = definition(
            .choices, .jsonl, text: .name("q"), choices: [.name("a"), .name("b"), .name("c")], labels: ["0", "1", "2"])
        let text = """
            {"q": "who", "a": "x", "b": "y", "c": "z", "label": 2}
            {"q": "what", "a": "u", "b": "v", "c": "w", "label": 0}
            """
        let examples = try load(["train": text], task)
        #expect(examples[0].content == .choices([TextPair("who", "x"), TextPair("who", "y"), TextPair("who", "z")]))
        #expect(examples.flatMap(\.labels) == [.category(2), .category(0)])
    }

    // MARK: - Target words

    private var wicTask: TaskDefinition {
        definition(
            .targetWords, .wic, pair: .name("pair"), targets: [.name("index1"), .name("index2")], labels: ["F", "T"],
            train: "x.data.txt")
    }

    @Test func `WiC's rows and labels stand in two files`() throws {
        let data = "board\tN\t2-1\tRoom and board .\tHe nailé boards .\ngo\tV\t0-0\tGo\tgo .\n"
        let examples = try load(["x.data.txt": data, "x.gold.txt": "F\nT\n"], wicTask)
        #expect(
            examples == [
                Example(
                    .targets(TextPair("Room and board .", "He nailé boards ."), 9..<14, 3..<9), labels: [.category(0)]),
                Example(.targets(TextPair("Go", "go ."), 0..<2, 0..<2), labels: [.category(1)]),
            ])
    }

    @Test(arguments: [
        ("a\tN\t0-0\tx\ty\n", "F\nT\n", "x.gold.txt: the file has 2 labels, but x.data.txt has 1 rows"),
        (
            "a\tN\t0\tx\ty\n", "F",
            "x.data.txt:1: the line has not the form 'word, N or V, i-j, text, text' with tabs between"
        ),
        ("a\tN\t0-1\tx\ty\n", "F", "x.data.txt:1: field 'index2': there is no word 1 in a text of 1, from 0"),
        ("a\tN\t0-x\tx\ty\n", "F", "x.data.txt:1: field 'index2': 'x' is not a whole number from 0"),
        ("a\tN\t0-0\tx\ty\n", "X", "x.data.txt:1: field 'label': 'X' is not one of F, T; did you mean 'F'?"),
    ])
    func `bad rows of WiC are errors with their lines`(data: String, gold: String, message: String) throws {
        let told = try failure(["x.data.txt": data, "x.gold.txt": gold], wicTask)
        #expect(told.replacing(/but .*\/x\.data/, with: "but x.data") == message)
    }

    @Test func `a wic file has its name`() throws {
        var task = wicTask
        task.train = "train"
        #expect(
            try failure(["train": ""], task)
                == "train: a wic file is called NAME.data.txt, with its labels in NAME.gold.txt")
        #expect(try failure(["x.data.txt": ""], wicTask).hasPrefix("x.gold.txt: cannot read"))
    }

    @Test func `the labels' file is part of what a task is`() throws {
        let data = Array("a\tN\t0-0\tx\ty\n".utf8)
        let folder = try TemporaryFolder(["x.data.txt": data, "x.gold.txt": Array("F".utf8)])
        let digest = try Dataset.contentDigest(wicTask, in: folder.path)
        try folder.write("T", to: "x.gold.txt")
        #expect(try Dataset.contentDigest(wicTask, in: folder.path) != digest)
    }

    @Test func `characters may say where target words are, in a pair or in one text`() throws {
        let targets = ["s1", "e1", "s2", "e2"].map { Column.name($0) }
        let pair = definition(.targetWords, .jsonl, pair: .name("pair"), targets: targets, labels: ["a", "b"])
        let row = { (label: String, places: String) in
            #"{"text": "é class.", "pair": "classy", "label": "\#(label)", \#(places)}"#
        }
        let good = #""s1": 2, "e1": 7, "s2": 0, "e2": 5"#
        let examples = try load(["train": row("a", good) + "\n" + row("b", good)], pair)
        #expect(examples[0].content == .targets(TextPair("é class.", "classy"), 3..<8, 0..<5))
        #expect(
            try failure(["train": row("a", good) + "\n" + row("b", #""s1": 2, "e1": 9, "s2": 0, "e2": 5"#)], pair)
                == "train:2: there are no characters 2 to 9 in a text of 8 characters")
        let single = definition(.targetWords, .jsonl, targets: targets, labels: ["a", "b"])
        #expect(
            try failure(["train": row("a", #""s1": 2, "e1": 5, "s2": 4, "e2": 7"#)], single)
                == "train:1: the two target words overlap; each must be a word of its own")
    }

    // MARK: - Tags

    private let entities = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]

    @Test func `columns of words may have names, and comments are no words`() throws {
        var task = definition(.tags, .conll, text: .name("form"), label: .name("ner"), labels: entities)
        task.columnNames = ["id", "form", "ner"]
        task.comment = "#"
        let text = """
            # sent_id = 1
            1-2\tdon't\t_
            1\t#\tO
            2\tn't\tO
            2.1\tsilent\tO

            # sent_id = 2
            1\tAnna\tB-PER
            """
        let examples = try load(["train": text], task)
        #expect(examples.map(\.content) == [.words(["#", "n't"]), .words(["Anna"])])
        #expect(
            try failure(["train": "1\tAnna\n"], task) == "train:1: there is no column ner, the line has 2")
        (task.comment, task.columnNames) = (nil, ["number", "form", "ner"])
        #expect(try failure(["train": text], task).hasPrefix("train:1: field 'ner': '=' is not one of O, "))
        task.comment = "%"
        let words = "% number form ner\n1 Anna B-PER\n% more\n2 sings O\n"
        #expect(try load(["train": words], task).map(\.content) == [.words(["Anna", "sings"])])
    }

    @Test func `sentences of CoNLL's form end at empty lines and documents`() throws {
        let text =
            "-DOCSTART- -X- O O\n\nPeter NNP I-NP I-PER\nBlack NNP I-NP I-PER\n\n\nin\tIN I-PP O\n-DOCSTART- -X- O O\nRome NNP I-NP I-LOC"
        let task = definition(.tags, .conll, text: .number(1), label: .number(4), labels: entities)
        #expect(
            try load(["train": text], task) == [
                Example(.words(["Peter", "Black"]), labels: [.category(1), .category(2)]),
                Example(.words(["in"]), labels: [.category(0)]), Example(.words(["Rome"]), labels: [.category(3)]),
            ])
    }

    @Test(arguments: [
        ("a b O\nb c\n", "train:2: there is no column 3, the line has 2"),
        (
            "a b O\nb c I-PRE\n",
            "train:2: field '3': 'I-PRE' is not one of O, B-PER, I-PER, B-LOC, I-LOC; did you mean 'I-PER'?"
        ),
        ("a b O\n", "train: every row has the label 'O', so there is nothing to learn; two or more are needed"),
        ("\n\n", "train: the dataset is empty: the file has no rows"),
    ])
    func `a bad word is an error with its line`(text: String, message: String) throws {
        let task = definition(.tags, .conll, text: .number(1), label: .number(3), labels: entities)
        #expect(try failure(["train": text], task) == message)
    }

    @Test func `words and tags may be arrays, or stand between spaces in a table`() throws {
        let expected = [Example(.words(["a", "b c"]), labels: [.category(0), .category(1)])]
        let lines = definition(.tags, .jsonl, labels: ["X", "Y"])
        #expect(try load(["train": #"{"text": ["a", "b c"], "label": ["X", "Y"]}"#], lines) == expected)
        let table = definition(.tags, .tsv, labels: ["X", "Y"])
        #expect(
            try load(["train": "text\tlabel\na b\tX Y\n"], table)
                == [Example(.words(["a", "b"]), labels: [.category(0), .category(1)])])
        #expect(
            try failure(["train": "text\tlabel\na b\tX Y\na b\tX\n"], table)
                == "train:3: the row has 2 words but 1 tags")
        #expect(
            try failure(["train": "text\tlabel\n\tX\n"], table)
                == "train:2: field 'text' has no words, or an empty one")
        #expect(
            try failure(["train": #"{"text": "a", "label": ["X"]}"#], lines)
                == "train:1: field 'text' is a string, an array is expected")
    }

    // MARK: - Running text

    @Test func `running text is every line that is not empty`() throws {
        let task = definition(.maskedLM, .lines, label: nil, labels: nil)
        let examples = try load(["train": " \n = A = \n\nb c \n"], task)
        #expect(examples == [" = A = ", "b c "].map { Example(.text(TextPair($0)), labels: []) })
        #expect(try failure(["train": " \n\n"], task) == "train: the dataset is empty: the file has no rows")
    }

    // MARK: - Prediction

    @Test func `lines to predict for are read as the task reads its rows`() throws {
        let tags = definition(.tags, .conll, text: .number(1), label: .number(2), labels: entities)
        #expect(try tags.contents(ofLines: ["a  b ."], in: "f") == [.words(["a", "b", "."])])
        #expect(
            try copaTask.contents(ofLines: ["It rained.\teffect\tA\tB"], in: "f")
                == [.choices([TextPair("It rained so a"), TextPair("It rained so b")])])
        let choices = definition(.choices, .jsonl, choices: [.name("a"), .name("b")], labels: ["0", "1"])
        #expect(
            try choices.contents(ofLines: ["q\tx\ty"], in: "f") == [.choices([TextPair("q", "x"), TextPair("q", "y")])])
    }

    @Test func `lines that no task reads are refused`() throws {
        func told(_ task: TaskDefinition, _ lines: [String]) -> String? {
            #expect(throws: DatasetError.self) { try task.contents(ofLines: lines, in: "f") }?.description
        }
        #expect(
            told(copaTask, ["a\tb"])
                == "f:1: a line is a text, 'cause' or 'effect', and its choices with tabs between, but the line has 2 fields"
        )
        #expect(
            told(copaTask, ["a\twhy\tb\tc"]) == "f:1: the second field must be cause or effect, not 'why'")
        #expect(
            told(wicTask, ["a"])
                == "test: a line of text does not say where its target words are; give a file with the task's columns")
        let tags = definition(.tags, .conll, text: .number(1), label: .number(2), labels: entities)
        #expect(told(tags, ["a", " "]) == "f:2: the line has no words to tag")
    }
}

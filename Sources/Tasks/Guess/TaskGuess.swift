package import Experiments

/// What a file of one's own seems to be: a task that can be trained on, and why each of its keys says what it says.
package struct TaskGuess: Sendable {
    package let task: TaskDefinition
    package let rowCount: Int
    /// Characters that 19 in 20 rows stay below, both texts of a pair together.
    package let longLength: Int
    /// A sentence for each key of the task that was guessed, in the order in which people ask.
    package let reasons: [(key: String, reason: String)]

    /// What a person says of the file; nil is guessed.
    package struct Hints: Sendable {
        package var text: String?
        package var pair: String?
        package var label: String?
        package var header: Bool?
        package var isRegression: Bool?

        package init() {}
    }

    /// - Parameters:
    ///   - path: the file.
    ///   - file: as the task names it.
    ///   - name: the task's.
    /// - Throws: what cannot be guessed, in a sentence with the option that says it.
    package init(path: String, file: String, name: String, _ hints: Hints = Hints()) throws(DatasetError) {
        let sample = try DataSample(path: path, header: hints.header)
        let columns = try ColumnGuess(sample, hints)
        let label = try LabelGuess(sample, columns.label, hints.isRegression)
        let lacking = sample.rowsLacking(columns.texts + [columns.label])
        guard sample.rowCount - lacking > 9 else {
            throw DatasetError(
                path, "has \(counted(sample.rowCount - lacking, "row")) to learn from; 10 are the fewest")
        }
        task = TaskDefinition(
            name: name, train: DataFiles([file]), dev: nil, devShare: 0.2, format: sample.format,
            header: sample.format == .jsonl || sample.hasNames, encoding: sample.encoding,
            skipsEmpty: lacking > 0 || sample.isRagged ? true : nil, ignoresExtra: sample.hasExtra ? true : nil,
            text: columns.text.column, pair: columns.pair?.column, label: columns.label.column, labels: label.labels,
            metrics: label.metrics)
        rowCount = sample.rowCount
        longLength = sample.longLength(columns.texts)
        reasons =
            [("format", sample.reason)] + columns.reasons
            + [("label", columns.labelReason)] + label.reasons
            + [("dev", "a fifth of the rows, of every label alike, is set apart to score on: there is no second file")]
            + (lacking > 0 ? [("empty", "\(counted(lacking, "row")) without a text or a label are left out")] : [])
            + (lacking == 0 && sample.isRagged ? [("empty", "some rows have fewer fields than the first")] : [])
            + (sample.hasExtra ? [("extra", "some rows have more fields than the first; nobody reads those")] : [])
    }
}

extension DataSample {
    fileprivate var reason: String {
        let names = hasNames ? "its first line names the columns" : "its first line is a row like the others"
        let form =
            switch format {
            case .csv: "commas between the columns; \(names)"
            case .tsv: "tabs between the columns; \(names)"
            default: "a JSON object a line"
            }
        return encoding == .latin1 ? "\(form); it is not UTF-8 and taken for Latin-1" : form
    }

    fileprivate func rowsLacking(_ columns: [SampleColumn]) -> Int {
        (0..<rowCount).count { row in columns.contains { $0.values[row].allSatisfy(\.isWhitespace) } }
    }

    fileprivate func longLength(_ columns: [SampleColumn]) -> Int {
        let lengths = (0..<rowCount).map { row in columns.reduce(0) { $0 + $1.values[row].count } }.sorted()
        return lengths[lengths.count * 19 / 20]
    }
}

/// Which columns have the texts and the label.
private struct ColumnGuess {
    let text: SampleColumn
    let pair: SampleColumn?
    let label: SampleColumn
    let reasons: [(key: String, reason: String)]
    let labelReason: String

    var texts: [SampleColumn] { [text] + (pair.map { [$0] } ?? []) }

    /// Names that other datasets have for a label, the likeliest first.
    private static let labelNames = [
        "label", "labels", "class", "category", "target", "sentiment", "rating", "stars", "score", "gold_label", "gold",
        "intent", "emotion", "topic", "y",
    ]
    private static let textNames = ["text", "sentence", "review", "content"]
    private static let pairNames = [
        ("sentence1", "sentence2"), ("premise", "hypothesis"), ("question1", "question2"), ("text1", "text2"),
        ("text_a", "text_b"), ("question", "sentence"), ("query", "passage"), ("question", "passage"),
    ]

    init(_ sample: DataSample, _ hints: TaskGuess.Hints) throws(DatasetError) {
        let given = (
            text: try sample.column(hints.text, "--text"), pair: try sample.column(hints.pair, "--pair"),
            label: try sample.column(hints.label, "--label")
        )
        let named = [given.text, given.pair, given.label].compactMap { $0?.column }
        guard Set(named).count == named.count else {
            throw DatasetError(sample.path, "--text, --pair and --label must name columns that differ")
        }
        let free = sample.columns.filter { !named.contains($0.column) }
        if let label = given.label {
            (self.label, labelReason) = (label, "as --label says")
        } else {
            (label, labelReason) = try Self.label(sample, free)
        }
        let rest = free.filter { [label] in $0.column != label.column }
        if let text = given.text {
            (self.text, pair) = (text, given.pair)
            reasons = [("text", "as --text says")] + (given.pair == nil ? [] : [("pair", "as --pair says")])
        } else {
            (text, pair, reasons) = try Self.texts(sample, rest, pair: given.pair)
        }
    }

    private static func label(
        _ sample: DataSample, _ free: [SampleColumn]
    ) throws(DatasetError) -> (SampleColumn, String) {
        for name in labelNames {
            if let column = free.first(where: { $0.name == name }), !column.counts.isEmpty {
                return (column, "the column is called so, and has \(column.valueWords)")
            }
        }
        let likely = free.filter { $0.isLabel && !$0.isText }
        if likely.count == 1 {
            return (likely[0], "the only column with \(likely[0].valueWords) that come again and again")
        }
        let others = free.filter { !$0.isText && !$0.looksCounted }
        if likely.isEmpty, others.count == 1 { return (others[0], "the only column that is neither text nor a count") }
        let numbers = others.filter(\.isNumeric)
        if likely.isEmpty, numbers.count == 1 { return (numbers[0], "the only column of numbers") }
        let candidates = likely.isEmpty ? free : likely
        throw DatasetError(
            sample.path,
            "which column is the label? \(candidates.names) \(likely.isEmpty ? "are there" : "could be it"); "
                + "say --label COLUMN")
    }

    private static func texts(
        _ sample: DataSample, _ free: [SampleColumn], pair: SampleColumn?
    ) throws(DatasetError) -> (SampleColumn, SampleColumn?, [(key: String, reason: String)]) {
        let pairReason = pair == nil ? [] : [("pair", "as --pair says")]
        for (first, second) in pairNames where pair == nil {
            if let text = free.first(where: { $0.name == first }), let other = free.first(where: { $0.name == second })
            {
                return (text, other, [("text", "the columns are called as those of a pair of texts are")])
            }
        }
        let likely = free.filter(\.isText)
        if likely.count == 1 || (likely.isEmpty && free.count == 1) {
            let text = likely.first ?? free[0]
            let reason = likely.isEmpty ? "the only other column" : "the only column of sentences"
            return (text, pair, [("text", "\(reason), of \(Int(text.meanLength)) characters on average")] + pairReason)
        }
        for name in textNames {
            guard let text = (likely.isEmpty ? free : likely).first(where: { $0.name == name }) else { continue }
            let others = free.filter { $0.column != text.column }.names
            return (
                text, pair,
                [("text", "the column is called so" + (others.isEmpty ? "" : "; not read: \(others)"))] + pairReason
            )
        }
        let candidates = likely.isEmpty ? free : likely
        guard !candidates.isEmpty else {
            throw DatasetError(
                sample.path, "there is no column left for the text; say --text COLUMN and --label COLUMN")
        }
        throw DatasetError(
            sample.path,
            "which column is the text? \(candidates.names) could be it; say --text COLUMN, and --pair COLUMN where two "
                + "texts belong together")
    }
}

extension SampleColumn {
    /// The column's name without capitals, empty where it has none.
    fileprivate var name: String {
        if case .name(let name) = column { name.lowercased() } else { "" }
    }

    /// "5 values"
    fileprivate var valueWords: String { counted(counts.count, "value") }

    /// Whether it numbers the rows.
    fileprivate var looksCounted: Bool { isWhole && counts.count == values.count }
}

extension [SampleColumn] {
    fileprivate var names: String { map { "'\($0.column)'" }.joined(separator: ", ") }
}

extension DataSample {
    /// The column that an option names, by its name or its number.
    fileprivate func column(_ word: String?, _ option: String) throws(DatasetError) -> SampleColumn? {
        guard let word else { return nil }
        if let column = columns.first(where: { $0.column == .name(word) }) { return column }
        if let number = Int(word), columns.indices.contains(number - 1) { return columns[number - 1] }
        let names = columns.map { "\($0.column)" }
        throw DatasetError(path, "there is no column '\(word)' as \(option) has it\(hint(for: word, among: names))")
    }
}

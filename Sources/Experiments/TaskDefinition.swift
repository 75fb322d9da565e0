package import Files

/// How a dataset is read and scored; one entry of `configs/tasks.yaml`.
package struct TaskDefinition: Codable, Hashable, Sendable {
    package var name: String
    /// The training file.
    package var train: DataFiles
    /// The file that scores are reported on; nil where `devShare` or `folds` sets rows of the training file apart for it.
    package var dev: DataFiles?
    /// The share of the training file's rows that scores are reported on and nothing trains on.
    package var devShare: Double?
    /// How many folds the training file's rows are dealt into; nil where `dev` or `devShare` says what is scored on, and
    /// for a single fold.
    package var folds: Int?
    /// The fold that scores are reported on, while the others are trained on; nil for a task as people name it.
    package var fold: Fold?
    /// The seed that these rows are drawn by; nil is 0. All seeds of a sweep have the same rows.
    package var devSeed: UInt64?
    /// The file that evaluations are selected on and searches judged on, where there is a third one.
    package var validation: DataFiles?
    /// The file that nothing is selected on and no table shows unless it is asked to; nil where there is none.
    package var test: DataFiles?
    /// The rows of the training file that are used, from 1; nil takes all.
    package var trainRows: ClosedRange<Int>?
    /// The rows of the dev file that are used, from 1; nil takes all.
    package var devRows: ClosedRange<Int>?
    /// What an example is; nil for a text or a pair with a class, or with a number where there are no `labels`.
    package var kind: Kind?
    package var format: FileFormat
    /// Whether a TSV or CSV file begins with a line of column names.
    package var header: Bool
    package var encoding: TextEncoding
    /// Whether rows that lack a text or the label are left out; nil for an error.
    package var skipsEmpty: Bool?
    /// Whether a row of a table may have more fields than the first one, which nobody reads; nil for an error.
    package var ignoresExtra: Bool?
    /// The names of the columns of a conll file.
    package var columnNames: [String]?
    /// What lines of a conll file begin with that are no words, as `#`.
    package var comment: String?
    package var text: Column
    /// The second text of a pair task.
    package var pair: Column?
    /// The choices of an example, in the order of `labels`.
    package var choices: [Column]?
    /// Where the two target words stand: their numbers among the words between spaces, from 0, or where each begins and
    /// ends in characters, as [start, end, start, end]. The second word is one of `pair`, where there is one.
    package var targets: [Column]?
    /// Whether the head also sees |m1 - m2| and m1 m2, with m1 and m2 the target words' vectors, as EH-FT's code has it.
    package var compares: Bool?
    /// nil where the text itself is to be guessed.
    package var label: Column?
    /// The labels in the order of the classes; nil for regression and for masked words.
    package var labels: [String]?
    /// Whether the files have a class by its place in `labels`, from 0, as Hugging Face's `datasets` write it; nil where
    /// they have its name alone.
    package var numbersLabels: Bool?
    /// The word of the files that stands for unknown ones, as `<unk>`.
    package var unknown: String?
    /// What is computed; the first one is the task's score.
    package var metrics: [Metric]

    package init(
        name: String, train: DataFiles, dev: DataFiles?, devShare: Double? = nil, folds: Int? = nil,
        devSeed: UInt64? = nil, validation: DataFiles? = nil, test: DataFiles? = nil,
        trainRows: ClosedRange<Int>? = nil, devRows: ClosedRange<Int>? = nil,
        kind: Kind? = nil, format: FileFormat, header: Bool = true,
        encoding: TextEncoding = .utf8, skipsEmpty: Bool? = nil, ignoresExtra: Bool? = nil,
        columnNames: [String]? = nil, comment: String? = nil, text: Column, pair: Column? = nil,
        choices: [Column]? = nil,
        targets: [Column]? = nil, compares: Bool? = nil, label: Column?, labels: [String]?, numbersLabels: Bool? = nil,
        unknown: String? = nil,
        metrics: [Metric]
    ) {
        self.name = name
        self.train = train
        self.dev = dev
        self.devShare = devShare
        self.folds = folds
        self.devSeed = devSeed
        self.validation = validation
        self.test = test
        self.trainRows = trainRows
        self.devRows = devRows
        self.kind = kind
        self.format = format
        self.header = header
        self.encoding = encoding
        self.skipsEmpty = skipsEmpty
        self.ignoresExtra = ignoresExtra
        self.columnNames = columnNames
        self.comment = comment
        self.text = text
        self.pair = pair
        self.choices = choices
        self.targets = targets
        self.compares = compares
        self.label = label
        self.labels = labels
        self.numbersLabels = numbersLabels
        self.unknown = unknown
        self.metrics = metrics
    }

    package enum FileFormat: String, Codable, CaseIterable, Sendable {
        /// Tab-separated, without quoting: a quotation mark is a character like any other.
        case tsv
        /// Comma-separated with quoting as in RFC 4180.
        case csv
        /// One JSON object a line.
        case jsonl
        /// `LABEL:fine text`, one a line, as TREC has it; its columns are `label`, `fine` and `text`.
        case trec
        /// COPA as its XML or as SuperGLUE's JSON lines: a premise, what is asked for, and two alternatives.
        case copa
        /// `NAME.data.txt` with words, their places and two texts, and `NAME.gold.txt` with the labels, as WiC has it.
        case wic
        /// One word a line with its columns between tabs or spaces, an empty line after each sentence, as CoNLL-2003 has
        /// it.
        case conll
        /// One text a line; empty lines are left out.
        case lines
    }

    package enum Kind: String, Codable, CaseIterable, Sendable {
        /// Several texts of which one is right: the head gives each a score (COPA).
        case choices
        /// A text or a pair with two target words, and a class (WiC).
        case targetWords = "target-words"
        /// A text in words, and a class for each of them (CoNLL-2003).
        case tags
        /// Text in which some tokens are hidden and to be guessed (Devlin et al. 2019).
        case maskedLM = "masked-lm"
    }

    package enum TextEncoding: String, Codable, CaseIterable, Sendable {
        case utf8, latin1
    }

    /// The content that decides what is learned from the task: how it is read, and the bytes of its files. Names and
    /// paths are left out, so that a dataset that moved is the same task.
    package func contentDigest(
        train trainFile: Digest, dev devFile: Digest?, validation validationFile: Digest? = nil,
        test testFile: Digest? = nil
    ) throws -> Digest {
        var nameless = self
        nameless.name = ""
        nameless.train = DataFiles([trainFile.hex])
        nameless.dev = devFile.map { DataFiles([$0.hex]) }
        nameless.validation = validationFile.map { DataFiles([$0.hex]) }
        nameless.test = testFile.map { DataFiles([$0.hex]) }
        return try Digest(ofCanonicalJSON: nameless)
    }
}

/// A field of a row: by its name, or by its number from 1 where the file has no names.
package enum Column: Hashable, Sendable, CustomStringConvertible {
    case name(String)
    case number(Int)

    package var description: String {
        switch self {
        case .name(let name): name
        case .number(let number): "\(number)"
        }
    }
}

extension Column: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else {
            self = .name(try container.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .name(let name): try container.encode(name)
        case .number(let number): try container.encode(number)
        }
    }
}

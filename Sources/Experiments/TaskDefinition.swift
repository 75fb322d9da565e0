/// How a dataset is read and scored; one entry of `configs/tasks.yaml`.
package struct TaskDefinition: Codable, Hashable, Sendable {
    package var name: String
    /// The training file, relative to the data directory.
    package var train: String
    /// The file that scores are reported on, relative to the data directory.
    package var dev: String
    package var format: FileFormat
    /// Whether a TSV or CSV file begins with a line of column names.
    package var header: Bool
    package var encoding: TextEncoding
    package var text: Column
    /// The second text of a pair task.
    package var pair: Column?
    package var label: Column
    /// The labels in the order of the classes; nil for regression.
    package var labels: [String]?
    /// What is computed; the first one is the task's score.
    package var metrics: [Metric]

    package init(
        name: String, train: String, dev: String, format: FileFormat, header: Bool = true,
        encoding: TextEncoding = .utf8,
        text: Column, pair: Column? = nil, label: Column, labels: [String]?, metrics: [Metric]
    ) {
        self.name = name
        self.train = train
        self.dev = dev
        self.format = format
        self.header = header
        self.encoding = encoding
        self.text = text
        self.pair = pair
        self.label = label
        self.labels = labels
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
    }

    package enum TextEncoding: String, Codable, CaseIterable, Sendable {
        case utf8, latin1
    }

    /// The content that decides what is learned from the task: how it is read, and the bytes of its files. Names and
    /// paths are left out, so that a dataset that moved is the same task.
    package func contentDigest(train trainFile: Digest, dev devFile: Digest) throws -> Digest {
        var nameless = self
        nameless.name = ""
        nameless.train = trainFile.hex
        nameless.dev = devFile.hex
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

package enum Metric: String, Codable, CaseIterable, Sendable {
    case accuracy
    /// F1 of the class at index 1.
    case f1
    /// The unweighted mean of every class's F1.
    case macroF1 = "macro-f1"
    case matthews
    case pearson
    case spearman

    /// Whether it compares real numbers rather than classes.
    package var isForRegression: Bool { self == .pearson || self == .spearman }
}

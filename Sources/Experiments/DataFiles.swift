/// The files of one part of a dataset, which are read one after the other. Relative to the data directory; the last name
/// of each may be a pattern, as in `shards/train-*.jsonl`.
package struct DataFiles: Hashable, Sendable {
    package var paths: [String]

    package init(_ paths: [String]) { self.paths = paths }
}

extension DataFiles: ExpressibleByStringLiteral, CustomStringConvertible {
    package init(stringLiteral path: String) { self.init([path]) }

    package var description: String { paths.joined(separator: ", ") }
}

/// A single file is a string, as it was before there could be several.
extension DataFiles: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let path = try? container.decode(String.self) {
            self.init([path])
        } else {
            self.init(try container.decode([String].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if paths.count == 1 { try container.encode(paths[0]) } else { try container.encode(paths) }
    }
}

/// One of a task's files, or the rows that take its place.
package enum DataFile: Int, CaseIterable, Sendable {
    case train, dev, validation, test

    package var name: String { "\(self)" }

    /// What scores on the whole of it are called.
    package var split: Split {
        switch self {
        case .train: .train
        case .dev: .dev
        case .validation: .validation
        case .test: .test
        }
    }
}

extension TaskDefinition {
    /// The files that the definition names; a training file there always is.
    package subscript(file: DataFile) -> DataFiles? {
        get {
            switch file {
            case .train: train
            case .dev: dev
            case .validation: validation
            case .test: test
            }
        }
        set {
            switch file {
            case .train: train = newValue ?? train
            case .dev: dev = newValue
            case .validation: validation = newValue
            case .test: test = newValue
            }
        }
    }
}

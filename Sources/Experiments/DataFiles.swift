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

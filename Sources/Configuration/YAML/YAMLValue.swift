import Experiments
import Files
import Foundation
import Yams

/// A value of a YAML file, and where it stands.
struct YAMLValue: Sendable {
    let place: Place
    let content: Content

    enum Content: Sendable {
        case empty
        case scalar(String, isQuoted: Bool)
        case list([YAMLValue])
        case mapping([YAMLEntry])
    }

    /// The value as it could have been written on one line.
    var shown: String {
        switch content {
        case .empty: ""
        case .scalar(let text, _): text
        case .list(let values): "[\(values.map(\.shown).joined(separator: ", "))]"
        case .mapping(let entries):
            "{ \(entries.map { "\($0.key): \($0.value.shown)" }.joined(separator: ", ")) }"
        }
    }
}

/// A key of a mapping with its value.
struct YAMLEntry: Sendable {
    let key: String
    let place: Place
    let value: YAMLValue
}

extension YAMLValue {
    /// More than any sweep has.
    private static let byteLimit = 16 << 20

    /// Reads a file that holds one mapping; "-" is standard input.
    static func read(_ path: String) throws(ConfigurationError) -> YAMLValue {
        let text: String
        do {
            guard let decoded = String(validating: try Disk.readToEnd(path, atMost: byteLimit), as: UTF8.self) else {
                throw ConfigurationError("\(path): is not text in UTF-8")
            }
            // Some editors begin a file with a byte-order mark.
            text = decoded.hasPrefix("\u{FEFF}") ? String(decoded.dropFirst()) : decoded
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError("\(error)")
        }
        return try parse(text, file: path)
    }

    static func parse(_ text: String, file: String) throws(ConfigurationError) -> YAMLValue {
        do {
            let start = Place.line(file: file, 1)
            guard let root = try Yams.compose(yaml: text) else { throw ConfigurationError("is empty", at: start) }
            var budget = valueLimit
            return try YAMLValue(root, in: file, after: start, budget: &budget)
        } catch let error as ConfigurationError {
            throw error
        } catch let error as YamlError {
            throw ConfigurationError(error, file: file)
        } catch {
            throw ConfigurationError("\(file): \(error)")
        }
    }

    /// More values than any sweep has; it stops files whose aliases multiply.
    private static let valueLimit = 100_000

    private init(
        _ node: Node, in file: String, after previous: Place, budget: inout Int
    ) throws(ConfigurationError) {
        let place = node.mark.map { Place.line(file: file, $0.line) } ?? previous
        self.place = place
        budget -= 1
        guard budget > 0 else { throw ConfigurationError("the file holds too many values", at: place) }
        switch node {
        case .scalar(let scalar):
            let isQuoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
            let isEmpty = !isQuoted && ["", "~", "null"].contains(scalar.string)
            content = isEmpty ? .empty : .scalar(scalar.string, isQuoted: isQuoted)
        case .sequence(let sequence):
            var values: [YAMLValue] = []
            for element in sequence {
                values.append(try YAMLValue(element, in: file, after: place, budget: &budget))
            }
            content = .list(values)
        case .mapping(let mapping):
            var entries: [YAMLEntry] = []
            for (key, value) in mapping {
                let keyPlace = key.mark.map { Place.line(file: file, $0.line) } ?? place
                guard case .scalar(let name) = key else {
                    throw ConfigurationError("a key must be a word", at: keyPlace)
                }
                let value = try YAMLValue(value, in: file, after: keyPlace, budget: &budget)
                entries.append(YAMLEntry(key: name.string, place: keyPlace, value: value))
            }
            content = .mapping(entries)
        case .alias:
            throw ConfigurationError("an alias that refers to nothing", at: place)
        }
    }
}

extension ConfigurationError {
    /// A file that is not YAML, in one line.
    fileprivate init(_ error: YamlError, file: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init("is not YAML here: \(problem)", at: .line(file: file, mark.line))
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "'\($0)'" }.joined(separator: ", ")
            self.init("\(names) is given twice in one mapping", at: .line(file: file, context.mark.line))
        case .reader(let problem, _, _, _):
            self.init("\(file): is not YAML: \(problem)")
        default:
            self.init("\(file): is not YAML: \(error)")
        }
    }
}

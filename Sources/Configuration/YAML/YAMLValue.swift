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
    private static let byteLimit = 4 << 20

    /// Reads a file that holds one mapping; "-" is standard input.
    static func read(_ path: String) throws(ConfigurationError) -> YAMLValue {
        try parse(text(of: path), file: path)
    }

    static func text(of path: String) throws(ConfigurationError) -> String {
        do {
            guard let decoded = String(validating: try Disk.readToEnd(path, atMost: byteLimit), as: UTF8.self) else {
                throw ConfigurationError("\(path): is not text in UTF-8")
            }
            // Some editors begin a file with a byte-order mark.
            return decoded.hasPrefix("\u{FEFF}") ? String(decoded.dropFirst()) : decoded
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError("\(error)")
        }
    }

    static func parse(_ text: String, file: String) throws(ConfigurationError) -> YAMLValue {
        do {
            let start = Place.line(file: file, 1)
            // No rules: every word is text here, and so equal keys are those that are spelled alike.
            let parser = try Yams.Parser(yaml: AliasMark.hidden(text), resolver: .basic)
            guard let root = try parser.singleRoot() else { throw ConfigurationError("is empty", at: start) }
            var reader = YAMLReader(file: file)
            // Nodes know their anchors for as long as the parser lives.
            return try withExtendedLifetime(parser) { try reader.value(of: root, after: start) }
        } catch let error as ConfigurationError {
            throw error
        } catch let error as YamlError {
            throw ConfigurationError(error, file: file)
        } catch {
            throw ConfigurationError("\(file): \(error)")
        }
    }
}

/// Yams puts what an alias stands for in the alias's place, and then hashes keys with all that is in them: a few nested
/// aliases in a key are more than it ever comes to an end with. So aliases are hidden from it as plain words, and are
/// followed here. A star is an alias only as the beginning of a plain word; elsewhere it is a star again.
private enum AliasMark {
    /// A code point that no text has, as it is none of a character; nor will Swift have it in a literal.
    private static let mark = Unicode.Scalar(0xFDD0 as UInt32)!

    static func hidden(_ text: String) -> String { replaced("*", by: mark, in: text) }
    static func shown(_ text: String) -> String { replaced(mark, by: "*", in: text) }

    /// - Returns: nil unless the scalar is an alias.
    static func alias(_ scalar: Node.Scalar) -> String? {
        guard scalar.style == .plain, scalar.string.unicodeScalars.first == mark else { return nil }
        return String(scalar.string.unicodeScalars.dropFirst())
    }

    private static func replaced(_ old: Unicode.Scalar, by new: Unicode.Scalar, in text: String) -> String {
        guard text.unicodeScalars.contains(old) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == old ? new : $0 }))
    }
}

/// Makes values of Yams' nodes.
private struct YAMLReader {
    private let file: String
    /// How many values may still come; an alias counts as all that it stands for. It begins with more than any sweep has.
    private var budget = 100_000
    private var anchors: [String: (value: YAMLValue, size: Int)] = [:]

    init(file: String) { self.file = file }

    mutating func value(of node: Node, after previous: Place) throws(ConfigurationError) -> YAMLValue {
        let place = node.mark.map { Place.line(file: file, $0.line) } ?? previous
        if case .scalar(let scalar) = node, let name = AliasMark.alias(scalar) {
            guard let known = anchors[name] else {
                throw ConfigurationError("is not YAML here: found undefined alias", at: place)
            }
            try spend(known.size, at: place)
            return known.value
        }
        let before = budget
        try spend(1, at: place)
        let value = YAMLValue(place: place, content: try content(of: node, at: place))
        if let anchor = node.anchor { anchors[anchor.rawValue] = (value, before - budget) }
        return value
    }

    private mutating func content(of node: Node, at place: Place) throws(ConfigurationError) -> YAMLValue.Content {
        switch node {
        case .scalar(let scalar):
            let isQuoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
            let isEmpty = !isQuoted && ["", "~", "null"].contains(scalar.string)
            return isEmpty ? .empty : .scalar(AliasMark.shown(scalar.string), isQuoted: isQuoted)
        case .sequence(let sequence):
            var values: [YAMLValue] = []
            for element in sequence { values.append(try value(of: element, after: place)) }
            return .list(values)
        case .mapping(let mapping):
            var entries: [YAMLEntry] = []
            for (key, value) in mapping { entries.append(try entry(key, value, after: place)) }
            return .mapping(entries)
        case .alias:
            throw ConfigurationError("an alias that refers to nothing", at: place)
        }
    }

    private mutating func entry(
        _ key: Node, _ value: Node, after previous: Place
    ) throws(ConfigurationError) -> YAMLEntry {
        let place = key.mark.map { Place.line(file: file, $0.line) } ?? previous
        guard case .scalar(let name) = key, AliasMark.alias(name) == nil else {
            throw ConfigurationError("a key must be a word", at: place)
        }
        return YAMLEntry(
            key: AliasMark.shown(name.string), place: place, value: try self.value(of: value, after: place))
    }

    private mutating func spend(_ count: Int, at place: Place) throws(ConfigurationError) {
        budget -= count
        guard budget > 0 else { throw ConfigurationError("the file holds too many values", at: place) }
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
            let names = keys.map { "'\(AliasMark.shown($0))'" }.joined(separator: ", ")
            self.init("\(names) is given twice in one mapping", at: .line(file: file, context.mark.line))
        case .reader(let problem, _, _, _):
            self.init("\(file): is not YAML: \(problem)")
        default:
            self.init("\(file): is not YAML: \(error)")
        }
    }
}

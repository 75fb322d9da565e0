package import Experiments

/// What tags mark in a text: an entity, or a word where the task's tags mark none.
package struct TaggedSpan: Encodable, Equatable, Sendable {
    package let tag: String
    /// The first character, from 0, and the one behind the last. A character is a code point, as for `targets` and in
    /// Python.
    package let start: Int
    package let end: Int
    package let text: String
}

extension TaskDefinition {
    /// Where in a text its tags are.
    /// - Parameters:
    ///   - tags: of each word, by their places in `labels`.
    ///   - text: the words with one space or more between.
    package func spans(of tags: [Int], words: [String], in text: String) -> [TaggedSpan] {
        let labels = labels ?? []
        let marked =
            TagScheme(labels).map { $0.spans(tags).map { (String($0.type), $0.words) } }
            ?? tags.enumerated().map { (labels[$1], $0..<$0 + 1) }
        let characters = Array(text.unicodeScalars)
        let places = Self.places(of: words, in: characters)
        return marked.map { tag, words in
            let range = places[words.lowerBound].lowerBound..<places[words.upperBound - 1].upperBound
            var text = String.UnicodeScalarView()
            text.append(contentsOf: characters[range])
            return TaggedSpan(tag: tag, start: range.lowerBound, end: range.upperBound, text: String(text))
        }
    }

    private static func places(of words: [String], in text: [Unicode.Scalar]) -> [Range<Int>] {
        var end = 0
        return words.map { word in
            let start = text[end...].firstIndex { $0 != " " } ?? end
            end = min(text.count, start + word.unicodeScalars.count)
            return start..<end
        }
    }
}

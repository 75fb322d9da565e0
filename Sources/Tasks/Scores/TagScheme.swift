/// Tags that mark entities: `B-TYPE` for the first word of one, `I-TYPE` for the others, anything else outside.
///
/// Files mark beginnings in different ways: with `B-` always (IOB2), or only where an entity follows another one of its
/// type (IOB1). Read as conlleval reads them, both say the same: an entity begins at a `B-`, and at an `I-` that does
/// not go on with the type before it.
package struct TagScheme: Sendable {
    private enum Tag: Equatable, Sendable {
        case outside
        case inside(type: Substring, begins: Bool)
    }

    /// The entity that one or more words make up.
    struct Span: Hashable {
        let type: Substring
        let words: Range<Int>
    }

    private let tags: [Tag]

    /// - Returns: nil where no label marks an entity.
    package init?(_ labels: [String]) {
        tags = labels.map { label in
            guard label.hasPrefix("B-") || label.hasPrefix("I-") else { return .outside }
            return .inside(type: label.dropFirst(2), begins: label.hasPrefix("B-"))
        }
        guard tags.contains(where: { $0 != .outside }) else { return nil }
    }

    /// The same entities with `B-` at every beginning, as far as there is such a label.
    package func canonical(_ sentence: [Int]) -> [Int] {
        let beginnings = Set(spans(sentence).map(\.words.lowerBound))
        return sentence.enumerated().map { place, tag in
            guard beginnings.contains(place), case .inside(let type, _) = tags[tag] else { return tag }
            return tags.firstIndex(of: .inside(type: type, begins: true)) ?? tag
        }
    }

    /// Micro-averaged F1 of whole entities, as conlleval computes it; 0 where there are none.
    /// - Parameters:
    ///   - predicted: the tags of all sentences, one after the other.
    ///   - expected: the tags of each sentence.
    package func f1(predicted: [Int], expected: [[Int]]) -> Double {
        var (right, found, wanted) = (0, 0, 0)
        var start = 0
        for sentence in expected {
            let truth = Set(spans(sentence))
            let guess = Set(spans(Array(predicted[start..<start + sentence.count])))
            right += truth.intersection(guess).count
            found += guess.count
            wanted += truth.count
            start += sentence.count
        }
        precondition(start == predicted.count)
        return found + wanted == 0 ? 0 : 2 * Double(right) / Double(found + wanted)
    }

    /// The entities of a sentence, in its order.
    func spans(_ sentence: [Int]) -> [Span] {
        var spans: [Span] = []
        for (place, tag) in sentence.enumerated() {
            guard case .inside(let type, let begins) = tags[tag] else { continue }
            if !begins, let last = spans.last, last.words.upperBound == place, last.type == type {
                spans[spans.count - 1] = Span(type: type, words: last.words.lowerBound..<place + 1)
            } else {
                spans.append(Span(type: type, words: place..<place + 1))
            }
        }
        return spans
    }
}

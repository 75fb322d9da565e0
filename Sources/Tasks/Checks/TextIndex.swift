/// Where each text of a file comes first. Texts are equal that differ in capitals of ASCII and in white space alone: most
/// models read no more of either.
struct TextIndex {
    /// Two rows with one text, from 1.
    struct Pair: Equatable {
        let later: Int
        let earlier: Int
    }

    private var first: [[UInt8]: (row: Int, labels: [Label])] = [:]
    private(set) var repeated: [Pair] = []
    /// Those of the repeated that have another label.
    private(set) var contradicted: [Pair] = []

    init(_ examples: [Example]) {
        for (index, example) in examples.enumerated() {
            let text = example.content.comparable
            guard let known = first[text] else {
                first[text] = (index + 1, example.labels)
                continue
            }
            let pair = Pair(later: index + 1, earlier: known.row)
            repeated.append(pair)
            if known.labels != example.labels { contradicted.append(pair) }
        }
    }

    /// The rows of another file whose text is one of this file's.
    func shared(with examples: [Example]) -> [Pair] {
        examples.enumerated().compactMap { index, example in
            first[example.content.comparable].map { Pair(later: index + 1, earlier: $0.row) }
        }
    }
}

extension Example.Content {
    /// All the text of the example, in small letters and with one space for any white.
    var comparable: [UInt8] {
        var bytes: [UInt8] = []
        for text in texts {
            // No text has it.
            bytes.append(0xFF)
            for byte in text.utf8 {
                switch byte {
                case 0x20, 0x09, 0x0A, 0x0D: if bytes.last != 0xFF, bytes.last != 0x20 { bytes.append(0x20) }
                case UInt8(ascii: "A")...UInt8(ascii: "Z"): bytes.append(byte | 0x20)
                default: bytes.append(byte)
                }
            }
            if bytes.last == 0x20 { bytes.removeLast() }
        }
        return bytes
    }

    private var texts: [String] {
        switch self {
        case .text(let texts): [texts.text] + (texts.pair.map { [$0] } ?? [])
        case .choices(let choices): choices.flatMap { [$0.text, $0.pair ?? ""] }
        case .targets(let texts, let first, let second): [texts.text, texts.pair ?? "", "\(first) \(second)"]
        case .words(let words): words
        }
    }
}

import Foundation

/// Unicode as the `tokenizers` library sees it. Its parts know different versions of Unicode, older ones than Swift's, and
/// a character newer than that is unassigned to them; where a character's category was changed since, it stands in an
/// exception here. The comparison over all code points is in `scripts/tokenizer-parity`.
enum ReferenceUnicode {
    /// The version of the library's character categories, which clean-up, accents and punctuation go by.
    private static let categories = 8
    /// The version of the library's canonical decomposition and order.
    private static let normalization = 9
    /// The version of the `\p{L}` and `\p{N}` in its regular expressions.
    private static let expressions = 16

    /// What BERT's clean-up removes, line ends and tabulators (which it takes for white space) not among it.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar != "\t", scalar != "\n", scalar != "\r", isKnown(scalar, categories) else { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse: return true
        default: return false
        }
    }

    static func isNonspacingMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1734, 0x1171E: true
        case 0x1885, 0x1886, 0xA9BD, 0x111C9: false
        default: scalar.properties.generalCategory == .nonspacingMark && isKnown(scalar, categories)
        }
    }

    /// BERT's punctuation: Unicode's, and every ASCII character that is neither letter nor digit nor space.
    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E, 0x166D, 0x111C9: return true
        case 0..<0x80: return false
        default: break
        }
        switch scalar.properties.generalCategory {
        case .openPunctuation, .closePunctuation, .connectorPunctuation, .dashPunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return isKnown(scalar, categories)
        default: return false
        }
    }

    static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            isKnown(scalar, expressions)
        default: false
        }
    }

    static func isNumber(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: isKnown(scalar, expressions)
        default: false
        }
    }

    /// `\w` of Rust's regular expressions.
    static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark, .decimalNumber, .connectorPunctuation: return true
        default: return properties.isAlphabetic || properties.isJoinControl
        }
    }

    /// Whether the character was assigned in this major version of Unicode.
    static func isKnown(_ scalar: Unicode.Scalar, _ version: Int) -> Bool {
        guard !scalar.isASCII else { return true }
        guard let age = scalar.properties.age else { return false }
        return age.major < version || age.major == version && age.minor == 0
    }

    // MARK: - Canonical decomposition

    /// Normalization form D.
    static func decompose(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard !scalars.allSatisfy(\.isASCII) else { return scalars }
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(scalars.count)
        for scalar in scalars { result += decomposition(of: scalar) }
        order(&result)
        return result
    }

    private static func decomposition(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        guard scalar.value >= 0xC0, isKnown(scalar, normalization) else { return [scalar] }
        return Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
    }

    /// Puts every run of marks into the order of their combining classes, equals as they were.
    private static func order(_ scalars: inout [Unicode.Scalar]) {
        var run: [(rank: UInt8, mark: Unicode.Scalar)] = []
        for (index, scalar) in scalars.enumerated() {
            let rank = combiningClass(scalar)
            if rank > 0 { run.append((rank, scalar)) }
            guard rank == 0 || index == scalars.count - 1 else { continue }
            if run.count > 1 {
                let end = rank == 0 ? index : index + 1
                // It keeps the order of equals.
                run.sort { $0.rank < $1.rank }
                scalars.replaceSubrange(end - run.count..<end, with: run.lazy.map(\.mark))
            }
            run.removeAll(keepingCapacity: true)
        }
    }

    private static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
        guard isKnown(scalar, normalization) else { return 0 }
        return scalar.properties.canonicalCombiningClass.rawValue
    }
}

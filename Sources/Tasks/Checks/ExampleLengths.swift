import Experiments
import Tokenizers

/// How long examples are in a model's tokens.
struct ExampleLengths {
    /// In ascending order.
    private let lengths: [Int]
    private let unknown: Double
    private let maxLength: Int
    /// Examples at which training stops, as what must not be cut leaves no room, and why it stops at the first.
    private let impossible: (count: Int, reason: String)?

    /// - Returns: nil for running text, which is cut into blocks as they fit, and where there are no examples.
    init?(_ examples: [Example], _ definition: TaskDefinition, _ reader: TextReader) throws(TokenizerError) {
        guard definition.kind != .maskedLM, !examples.isEmpty else { return nil }
        let whole = Encoding(definition, with: reader.tokenizer, maxLength: .max, truncation: .longest)
        let cut = Encoding(
            definition, with: reader.tokenizer, maxLength: reader.maxLength, truncation: reader.truncation)
        let unknownToken = reader.tokenizer.unknownToken
        var (lengths, tokens, unknown) = ([Int](), 0, 0)
        var refused: [TokenizerError] = []
        for (example, encoded) in zip(examples, try whole.encode(examples)) {
            let sequences = encoded.sequences.map(\.tokens.ids)
            let length = sequences.map(\.count).max() ?? 0
            lengths.append(length)
            if length > reader.maxLength {
                do throws(TokenizerError) {
                    _ = try cut.encode([example])
                } catch {
                    refused.append(error)
                }
            }
            tokens += sequences.reduce(0) { $0 + $1.count }
            unknown += sequences.reduce(0) { $0 + $1.count { $0 == unknownToken } }
        }
        self.lengths = lengths.sorted()
        self.unknown = Double(unknown) / Double(max(tokens, 1))
        maxLength = reader.maxLength
        impossible = refused.first.map { (refused.count, "\($0)") }
    }

    var summary: FileCheck.Lengths {
        FileCheck.Lengths(
            median: lengths[lengths.count / 2], longest: lengths[lengths.count - 1], cut: cut(at: maxLength),
            unknown: unknown)
    }

    /// The share of the examples that are longer.
    private func cut(at length: Int) -> Double {
        Double(lengths.count { $0 > length }) / Double(lengths.count)
    }

    /// What would cut next to nothing.
    private func enough(_ limit: Int) -> Int {
        let needed = lengths[min(lengths.count - 1, lengths.count * 99 / 100)]
        return min(limit, (needed + 31) / 32 * 32)
    }

    /// Of all files in one sentence each.
    static func warnings(of read: [(file: String, lengths: ExampleLengths)], _ reader: TextReader) -> [String] {
        var warnings: [String] = []
        let cut = read.filter { $0.lengths.cut(at: reader.maxLength) > 0.01 }
        if !cut.isEmpty {
            let shares = cut.map { "\(percent($0.lengths.cut(at: reader.maxLength))) of the rows of \($0.file)" }
            let better = cut.map { $0.lengths.enough(reader.limit) }.max() ?? reader.limit
            let left = cut.map { $0.lengths.cut(at: better) }.max() ?? 0
            let remedy =
                better > reader.maxLength
                ? "max-length=\(better) would cut \(percent(left))"
                : "the model reads no more; shorten them, or take the part that matters"
            warnings.append("max-length \(reader.maxLength) cuts \(shares.joined(separator: " and ")): \(remedy)")
        }
        for (file, lengths) in read {
            guard let (count, reason) = lengths.impossible else { continue }
            warnings.append(
                "training stops at \(count) of the rows of \(file): \(reason)")
        }
        let strange = read.filter { $0.lengths.unknown > 0.02 }
        if !strange.isEmpty {
            let shares = strange.map { "\(percent($0.lengths.unknown)) of the tokens of \($0.file)" }
            warnings.append(
                "\(shares.joined(separator: " and ")) are unknown to the model: is it one for this language and script, and is "
                    + "'encoding' right?")
        }
        return warnings
    }
}

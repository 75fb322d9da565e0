import ArgumentParser
import Files
import Tokenizers

/// A file of texts, one a line.
struct TextOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The texts, one a line, UTF-8; - is standard input.", valueName: "file"))
    var input: String

    @Flag(name: .long, help: "Each line holds two texts with a tab between.")
    var pairs = false

    func read() throws -> [TextLine] {
        try TextLine.read(input, pairs: pairs)
    }
}

/// One line of an input file: a text, or the two of a pair.
struct TextLine {
    let text: String
    let pair: String?

    static func read(_ path: String, pairs: Bool) throws -> [TextLine] {
        try lines(of: Disk.readToEnd(path), path, pairs: pairs)
    }

    /// An empty line is an empty text, so that line n of what is written belongs to line n of what was read.
    /// - Parameter path: where the bytes were read.
    static func lines(of bytes: [UInt8], _ path: String, pairs: Bool) throws -> [TextLine] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty ?? true { lines.removeLast() }
        guard !lines.isEmpty else { throw BadRequest("\(path): the file is empty; write one text a line") }
        return try lines.enumerated().map { index, bytes in
            let content = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
            guard let line = String(validating: content, as: UTF8.self) else {
                throw BadRequest("\(path):\(index + 1): the line is not valid UTF-8; convert the file, as iconv does")
            }
            return try pairs ? pair(line, "\(path):\(index + 1)") : TextLine(text: line, pair: nil)
        }
    }

    private static func pair(_ line: String, _ place: String) throws -> TextLine {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count == 2 else {
            throw BadRequest(
                "\(place): a pair is two texts with a tab between, but the line has \(fields.count) fields")
        }
        return TextLine(text: String(fields[0]), pair: String(fields[1]))
    }
}

extension TextOptions {
    /// The texts as a model reads them.
    /// - Parameter longest: what the model can read at most.
    func tokenized(by tokenizer: any Tokenizer, maxLength: Int?, atMost longest: Int?) throws -> [TokenSequence] {
        if let maxLength, let longest, maxLength > longest {
            throw BadRequest("--max-length \(maxLength): the model reads at most \(longest) tokens")
        }
        return try read().enumerated().map { index, line in
            do {
                return try tokenizer.encode(line.text, pair: line.pair, maxLength: maxLength ?? longest)
            } catch {
                throw BadRequest("\(input):\(index + 1): \(error)")
            }
        }
    }
}

import ArgumentParser
import Experiments
import Tokenizers

struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Shows texts as a model's tokens.",
        discussion: """
            Writes one JSON line a text: {"ids":[...],"tokens":[...]}.

            EXAMPLE
              headstart tokenize --model minilm-l6 --input texts.txt --max-length 128
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var texts: TextOptions

    @Option(name: .long, help: "The longest sequence in tokens, special ones included; longer texts are cut.")
    var maxLength: Int?

    private struct Line: Encodable {
        let ids: [Int32]
        let tokens: [String]
    }

    func run() throws {
        let tokenizer = try loadTokenizer(directory: model.directory())
        for (index, line) in try texts.read().enumerated() {
            let sequence: TokenSequence
            do {
                sequence = try tokenizer.encode(line.text, pair: line.pair, maxLength: maxLength)
            } catch {
                throw BadRequest("\(texts.input):\(index + 1): \(error)")
            }
            try Screen.json(Line(ids: sequence.ids, tokens: tokenizer.tokens(of: sequence.ids)))
        }
    }
}

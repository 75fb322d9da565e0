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
        for sequence in try texts.tokenized(by: tokenizer, maxLength: maxLength, atMost: nil) {
            try Screen.json(Line(ids: sequence.ids, tokens: tokenizer.tokens(of: sequence.ids)))
        }
    }
}

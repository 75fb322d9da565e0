import ArgumentParser
import Files

struct ModelOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The pretrained model: a Hugging Face directory.", valueName: "model"))
    var model: String

    /// Where the model is on this machine.
    func directory() throws -> String {
        guard Directory.isThere(model) else {
            throw BadRequest("\(model): there is no such directory; get a model with scripts/fetch-minilm")
        }
        return model
    }
}

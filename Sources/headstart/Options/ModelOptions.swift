import ArgumentParser
import Configuration

struct ModelOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The pretrained model: a name in models.yaml, a Hugging Face directory, or a name on the hub.",
            valueName: "model"), completion: .models)
    var model: String

    @OptionGroup var fetching: FetchOptions

    /// Where the model is on this machine.
    func directory() throws -> String { try fetching.directory(of: Catalogs.read().models.find(model)) }
}

import ArgumentParser
import Configuration

struct ModelOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The pretrained model: a name in models.yaml or a Hugging Face directory.", valueName: "model"))
    var model: String

    /// Where the model is on this machine.
    func directory() throws -> String { try Catalogs.read().models.find(model).directory }
}

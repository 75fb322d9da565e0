import ArgumentParser
import Configuration
import Experiments

/// A sweep file and what changes it.
struct SweepOptions: ParsableArguments {
    @Argument(help: "The sweep file, as configs/quickstart.yaml.")
    var config: String

    @OptionGroup var data: DataOptions

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("A setting that outranks the file's; may be repeated.", valueName: "key=value"))
    var settings: [String] = []

    /// Reads the file and all that it names.
    func prepare() throws -> PreparedSweep {
        let request = try SweepFile.read(
            config, catalogs: try data.catalogs(besides: config), overrides: settings.map(Override.init))
        return try request.prepare(dataDirectory: try data.directory())
    }
}

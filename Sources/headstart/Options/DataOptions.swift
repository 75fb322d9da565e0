import ArgumentParser
import Configuration
import Experiments
import Files
import Foundation
import Numerics

/// Where the datasets are, and what describes them.
struct DataOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The folder that tasks' files are relative to; $HEADSTART_DATA otherwise.", valueName: "directory"),
        completion: .directory)
    var data: String?

    @Option(
        name: .long,
        help: ArgumentHelp("A file of tasks of your own, in the form of configs/tasks.yaml.", valueName: "file"),
        completion: .yaml)
    var taskFile: [String] = []

    /// The data folder as it is named; nil where it is not.
    var given: String? {
        let directory = data ?? ProcessInfo.processInfo.environment["HEADSTART_DATA"]
        return directory.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The data folder on this machine.
    func directory() throws -> String {
        guard let directory = given else {
            throw BadRequest("where are the datasets? give --data DIRECTORY or set HEADSTART_DATA")
        }
        guard Directory.isThere(directory) else { throw BadRequest("\(directory): there is no such directory") }
        return Path.absolute(directory)
    }

    /// A task by its name; where the datasets are need not be known.
    func task(named name: String) throws -> TaskDefinition {
        try Catalogs.read(taskFiles: taskFile, dataDirectory: given).tasks.definition(named: name)
    }

    /// The models, tasks and methods known by name.
    /// - Parameter sweepFile: catalogs beside it go before the general ones.
    func catalogs(besides sweepFile: String? = nil) throws -> Catalogs {
        var catalogs = try Catalogs.read(besides: sweepFile, taskFiles: taskFile, dataDirectory: try directory())
        catalogs.automaticPrecision = OneDNN.bfloatUnit == nil ? .fp32 : .bf16
        return catalogs
    }
}

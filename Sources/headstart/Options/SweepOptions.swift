import ArgumentParser
import Configuration
import Downloads
import Encoders
import Experiments
import Files
import Foundation
import Ledger
import Tasks
import Training

/// A sweep file and what changes it.
struct SweepOptions: ParsableArguments {
    @Argument(help: "The sweep file, as configs/quickstart.yaml; - is standard input.", completion: .yaml)
    var config: String

    @OptionGroup var data: DataOptions

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("A setting that outranks the file's; may be repeated.", valueName: "key=value"),
        completion: .settings)
    var settings: [String] = []

    /// The same options for another process, wherever it stands.
    var arguments: [String] {
        get throws {
            if let pipe = ([config] + data.taskFile).first(where: { !Disk.isPlainFile($0) }) {
                throw BadRequest("\(pipe): is no plain file, and the coordinator reads it for itself; name one")
            }
            return [Path.absolute(config), "--data", try data.directory()]
                + data.taskFile.flatMap { ["--task-file", Path.absolute($0)] } + settings.flatMap { ["--set", $0] }
        }
    }

    /// Reads the sweep that such options of someone else ask for; what it takes from files comes into the store, and what is
    /// to be foretold of its stages is looked for.
    static func prepare(
        for store: String, _ foresight: Foresight
    ) -> @Sendable ([String]) throws -> any GrowingPlan {
        { arguments in
            let sweep = try parse(arguments).prepare(fetching: nil)
            try sweep.give(to: ContentStore(store: store))
            foresight.lookAhead(to: try sweep.plan())
            return sweep
        }
    }

    /// Reads the file and all that it names.
    /// - Parameters:
    ///   - fetching: nil where nobody is there to be asked and nothing may be waited for.
    ///   - show: is handed what each dataset looks like.
    func prepare(fetching: FetchOptions?, show: ((DataCheck) throws -> Void)? = nil) throws -> PreparedSweep {
        let request = try SweepFile.read(
            config, catalogs: try data.catalogs(besides: config), overrides: settings.map(Override.init))
        return try request.prepare(
            dataDirectory: try data.directory(), givenFrom: config == "-" ? "." : Path.folder(of: config),
            fetching: fetching, show: show)
    }
}

extension SweepRequest {
    /// Reads the model and the datasets that the request names, so that what is wrong with them is known before
    /// anything trains.
    /// - Parameters:
    ///   - folder: where the paths of what stages take from files begin.
    ///   - fetching: nil where nobody is there to be asked and nothing may be waited for.
    ///   - show: is handed what each dataset looks like.
    func prepare(
        dataDirectory: String, givenFrom folder: String = ".", fetching: FetchOptions?,
        show: ((DataCheck) throws -> Void)? = nil
    ) throws -> PreparedSweep {
        let directory = try fetching?.directory(of: model) ?? model.directory { throw model.isMissing($0) }
        let pretrained = try PretrainedModel(directory: directory)
        let location = ModelLocation(
            name: model.name, path: pretrained.backbone.directory, content: try pretrained.backbone.contentDigest())
        let read = try datasets.map { try Dataset.load($0, in: dataDirectory) }
        let planned = try read.map { dataset in
            PlannedTask(
                definition: dataset.definition,
                content: try Dataset.contentDigest(dataset.definition, in: dataDirectory),
                trainCount: dataset.train.count, devCount: dataset.dev.count,
                text: dataset.definition.runningText(of: dataset.train, with: pretrained.tokenizer),
                constant: dataset.constantPrediction())
        }
        let sweep = PreparedSweep(
            self, model: location, dataDirectory: dataDirectory, tasks: planned,
            given: try readGiven(from: folder, pretrained.backbone, location.content))
        let stages = try sweep.plan().stages
        for stage in stages {
            try checkFit(stage.specification.recipe, pretrained.backbone)
            try GivenFile.check(stage.specification, sweep.givenFiles, paths: sweep.givenPaths)
        }
        guard let show else { return sweep }
        // One fold looks like another.
        var shown: Set<String> = []
        for dataset in read where shown.insert(dataset.definition.tableName).inserted {
            let recipes = stages.filter { $0.task == dataset.definition.name }.map(\.specification.recipe)
            let longest = recipes.max { $0.maxLength < $1.maxLength } ?? Recipe()
            let reader = pretrained.reader(maxLength: longest.maxLength, truncation: longest.truncation)
            try show(try DataCheck(dataset, reader: reader, sample: 1000))
        }
        return sweep
    }

    private func readGiven(from folder: String, _ backbone: Backbone, _ content: Digest) throws -> GivenArtifacts {
        let requested = given
        let cache = ContentStore(root: "\(Machine.cache)/given", isCache: true)
        return GivenArtifacts(
            try requested.map { artifact -> (given: GivenArtifact, reference: ArtifactReference, file: String) in
                guard let task = datasets.first(where: { $0.name == artifact.task }) else {
                    throw BadRequest("task '\(artifact.task)' was not read")
                }
                let isWhole = Path.isAbsolute(artifact.path) || folder == "."
                let path = isWhole ? artifact.path : "\(folder)/\(artifact.path)"
                let others = Set(requested.filter { $0.path == artifact.path && $0.kind != artifact.kind }.map(\.kind))
                let file = try GivenFile(
                    artifact.kind, at: path,
                    for: GivenFile.Target(backbone: backbone, content: content, recipe: artifact.recipe, task: task),
                    besides: others, findBase: { name in try Self.directory(ofBase: name) }, cache: cache)
                return (artifact, file.reference, file.path)
            })
    }

    /// Where the model lies that an adapter calls so; nil where it is not on this machine.
    private static func directory(ofBase name: String) throws -> String? {
        let has = { (folder: String) in Disk.isPlainFile("\(folder)/\(ModelFiles.weights)") }
        if has(name) { return name }
        let hub: HubModel
        // What is no name on the hub is no model that can be found.
        do { hub = try HubModel(name) } catch { return nil }
        return try HubCache(environment: ProcessInfo.processInfo.environment).directory(of: hub)
    }
}

package import Encoders
package import Experiments
package import Files
import Foundation
import Safetensors
import Tuning

/// What a stage starts from that no stage has made: an artifact, a run's folder, an adapter of peft or a model of transformers.
/// What others have written becomes an artifact as a stage would have left it; equal contents have equal bytes.
package struct GivenFile {
    package let reference: ArtifactReference
    package let path: String

    /// - Parameters:
    ///   - path: of a file or folder.
    ///   - table: of the model that is to have it. For an adapter its own design counts, and the table needs none.
    ///   - others: the kinds that are taken from the same path besides.
    ///   - findBase: where the model lies that others call so; nil where it is not here.
    ///   - cache: keeps what was written by others.
    package init(
        _ kind: ArtifactKind, at path: String, for target: Target, besides others: Set<ArtifactKind> = [],
        findBase: (String) throws -> String?, cache: ContentStore
    ) throws(StageFailure) {
        let reader = Reader(kind: kind, path: path, target: target, others: others, cache: cache)
        let read = Result { try reader.read(findBase) }
        self = try read.mapError(StageFailure.init(classifying:)).get()
    }

    /// Refuses an adapter of another design than the stage tunes.
    /// - Parameters:
    ///   - files: where the bytes of what the stage was given lie.
    ///   - paths: what the sweep calls these.
    package static func check(
        _ specification: StageSpecification, _ files: [ArtifactReference: String], paths: [ArtifactReference: String]
    ) throws(StageFailure) {
        guard case .adapter(let wanted) = specification.recipe.tune else { return }
        for artifact in specification.given where artifact.kind == .adapter {
            guard let path = files[artifact] else { continue }
            let design: String?
            do { design = try SafetensorsFile(path: path).metadata["adapter"] } catch {
                throw StageFailure(classifying: error)
            }
            guard design != wanted.description else { continue }
            throw StageFailure(
                .badInput,
                "\(paths[artifact] ?? path): the adapter is '\(design ?? "unknown")', the stage tunes '\(wanted)'; give the"
                    + " stage that design")
        }
    }

    fileprivate init(_ reference: ArtifactReference, path: String) {
        self.reference = reference
        self.path = path
    }

    fileprivate init(_ kind: ArtifactKind, file: String) throws {
        let mapped = try MappedFile(path: file)
        reference = ArtifactReference(id: ArtifactID(rawValue: mapped.digest()), kind: kind, byteCount: mapped.count)
        path = file
    }

    /// The model that is to have the artifact.
    package struct Target {
        let backbone: Backbone
        let content: Digest
        let recipe: Recipe
        let task: TaskDefinition

        package init(backbone: Backbone, content: Digest, recipe: Recipe, task: TaskDefinition) {
            self.backbone = backbone
            self.content = content
            self.recipe = recipe
            self.task = task
        }

        func table(_ adapter: AdapterDesign? = nil) -> ParameterTable {
            ParameterTable(configuration: backbone.configuration, recipe: recipe, task: task, adapter: adapter)
        }
    }
}

extension ArtifactKind {
    /// Whether the artifact has a value of each of certain parameters.
    fileprivate func hasAll(_ parameter: Parameter) -> Bool {
        switch self {
        case .head: parameter.place == .head
        case .adapter: parameter.isAdapter
        case .backbone: parameter.isOfBackbone
        case .delta, .statistics, .pretraining, .mask, .log: false
        }
    }
}

private struct Reader {
    let kind: ArtifactKind
    let path: String
    let target: GivenFile.Target
    let others: Set<ArtifactKind>
    let cache: ContentStore

    func refusal(_ problem: String) -> StageFailure { StageFailure(.badInput, "\(path): \(problem)") }

    private var ofThisModel: String { "take one that was made for this model" }

    private func missing(_ parameter: Parameter) -> String {
        "tensor '\(parameter.name)' \(parameter.shape) is missing; is all of it here, and was it made for this model?"
    }

    func read(_ findBase: (String) throws -> String?) throws -> GivenFile {
        let has = { (name: String) in access("\(path)/\(name)", F_OK) == 0 }
        guard access(path, F_OK) == 0 else {
            throw refusal("there is no such file or folder to take the \(kind) from; check the path")
        }
        guard Directory.isThere(path) else { return try artifact(path) }
        if has("run.json") {
            let run = try RunDirectory(path).read()
            guard let file = run.files[kind] else {
                let kept = run.files.keys.sorted().map(\.rawValue).joined(separator: ", ")
                throw refusal("the run kept no \(kind); it has: \(kept); take one of these, or another run")
            }
            return try artifact(file)
        }
        if has(PeftAdapter.configurationName) { return try peft(findBase) }
        if has(ModelFiles.configuration) { return try model() }
        throw refusal(
            "holds no run (run.json), no adapter of peft (\(PeftAdapter.configurationName)) and no model "
                + "(\(ModelFiles.configuration)); name a folder with one of these, or an artifact")
    }

    // MARK: What a stage has left

    private func artifact(_ path: String) throws -> GivenFile {
        let file = try SafetensorsFile(path: path)
        guard file.metadata["format"] == "headstart", let its = file.metadata["kind"] else {
            throw refusal("is no artifact of headstart; name one, or the folder of a run, of an adapter or of a model")
        }
        guard its == kind.rawValue else {
            throw refusal("holds a stage's \(its), not its \(kind); give it as '\(its)'")
        }
        guard file.metadata["backbone"] == target.content.hex else {
            throw refusal("the \(kind) is of another pretrained model than the sweep's; \(ofThisModel)")
        }
        let design = file.metadata["adapter"].flatMap { AdapterDesign($0) }
        if kind == .head { try checkHead(file.metadata) }
        let table = target.table(design)
        for name in file.names {
            guard let index = table.index(of: SparseTensor.parameterName(name)) else {
                throw refusal(
                    "tensor '\(name)' is no parameter of the model with head '\(target.recipe.head)'; \(ofThisModel)")
            }
            if name == table.parameters[index].name { try check(file.tensor(named: name), table.parameters[index]) }
        }
        for parameter in table.parameters where kind.hasAll(parameter) {
            try check(file.tensor(named: parameter.name), parameter)
        }
        return try GivenFile(kind, file: path)
    }

    private func checkHead(_ metadata: [String: String]) throws {
        if let head = metadata["head"], head != target.recipe.head.description {
            throw refusal("the head is '\(head)', the stage asks for '\(target.recipe.head)'; give the stage that head")
        }
        guard let labels = metadata["labels"], labels != (try target.task.labelsAsJSON) else { return }
        throw refusal(
            "the head was made for the labels \(labels), task '\(target.task.name)' has \(try target.task.labelsAsJSON ?? "none"); "
                + "take a head that was made for these"
        )
    }

    private func check(_ tensor: TensorView?, _ parameter: Parameter) throws {
        guard let tensor else { throw refusal(missing(parameter)) }
        guard tensor.shape == parameter.shape else {
            throw refusal(
                "tensor '\(tensor.name)' is \(tensor.shape), the model asks for \(parameter.shape); \(ofThisModel)")
        }
    }

    // MARK: What others have written

    /// Writes an artifact as a stage would have left it.
    private func write(_ tensors: [TensorSource], adapter: AdapterDesign? = nil) throws -> GivenFile {
        let metadata = try ArtifactFiles.metadata(
            of: kind, backbone: target.content, head: target.recipe.head, task: target.task, adapter: adapter)
        let temporary = "\(cache.root)/\(kind).\(getpid()).tmp"
        try Directory.make(cache.root)
        try SafetensorsWriter.write(tensors, metadata: metadata, to: temporary)
        let written = try GivenFile(kind, file: temporary)
        let id = written.reference.id.rawValue
        try cache.adopt(temporary, as: id, byteCount: written.reference.byteCount)
        return GivenFile(written.reference, path: cache.path(of: id))
    }

    private func model() throws -> GivenFile {
        let table = target.table()
        switch kind {
        case .backbone:
            let other = try Backbone(directory: path)
            guard other.configuration.hasSameLayers(as: target.backbone.configuration) else {
                throw refusal(
                    "config.json has other sizes than the sweep's model; only a model of the same ones can be taken")
            }
            var tensors: [TensorSource] = []
            for parameter in table.parameters where parameter.isOfBackbone {
                guard let values = try other.values(named: parameter.name, shape: parameter.shape) else {
                    throw refusal(missing(parameter))
                }
                tensors.append(TensorSource(name: parameter.name, shape: parameter.shape, floats: Array(values)))
            }
            return try write(tensors)
        case .head:
            return try write(try head(in: SafetensorsFile(path: "\(path)/\(ModelFiles.weights)"), prefix: ""))
        default: throw refusal("a model of transformers has a head and a backbone, and no \(kind); take one of these")
        }
    }

    private func peft(_ findBase: (String) throws -> String?) throws -> GivenFile {
        let folder = try PeftFolder(path)
        try checkBase(folder, findBase)
        let isPrefix = folder.type == .prefix
        switch kind {
        case .head:
            return try write(
                try head(in: folder.weights, prefix: isPrefix ? "base_model." : PeftAdapter.lowRankPrefix))
        case .adapter:
            if !others.contains(.delta), !isPrefix, try !folder.biases(target.table()).isEmpty {
                throw refusal("has biases besides; take both, with from: { adapter: \(path), delta: \(path) }")
            }
            let (design, tensors) = try folder.adapter(target.backbone.configuration) { target.table($0) }
            return try write(tensors, adapter: design)
        case .delta:
            let biases = try folder.biases(target.table())
            guard !biases.isEmpty else {
                throw refusal("has no biases, and nothing else that is a delta; take its adapter alone")
            }
            return try write(biases)
        default:
            throw refusal(
                "an adapter of peft has an adapter, biases (a delta) and a head, and no \(kind); take one of these")
        }
    }

    private func checkBase(_ folder: PeftFolder, _ findBase: (String) throws -> String?) throws {
        var digest = folder.weights.metadata["backbone"]
        if digest == nil, let base = try folder.base.flatMap(findBase), base != target.backbone.directory {
            digest = try Backbone(directory: base).contentDigest().hex
        }
        guard let digest, digest != target.content.hex else { return }
        throw refusal(
            "the adapter is of another pretrained model (\(folder.base ?? "unknown")) than the sweep's; \(ofThisModel)")
    }

    /// The head by the names that transformers has for it, or a file of ours.
    private func head(in file: SafetensorsFile, prefix: String) throws -> [TensorSource] {
        try checkHead(file.metadata)
        let table = target.table()
        let forms = [false, true].map {
            TransformersForm(table, target.task, modelType: table.configuration.family.rawValue, carriesAdapter: $0)
        }
        return try table.parameters.filter { $0.place == .head }.map { parameter in
            let names = forms.flatMap { $0.names(of: parameter) }.map { prefix + $0 }
            guard let tensor = names.lazy.compactMap({ file.tensor(named: $0) }).first, let floats = tensor.floats()
            else {
                throw refusal(
                    "has no tensor '\(names[0])', so no head '\(table.head)'; give the stage the head that it has, or none"
                )
            }
            let isDoubled = forms[0].isDoubled(parameter)
            let shape = isDoubled ? [2] + parameter.shape.dropFirst() : parameter.shape
            guard tensor.shape == shape else {
                throw refusal(
                    "tensor '\(tensor.name)' is \(tensor.shape), the stage's head asks for \(shape); \(ofThisModel)")
            }
            guard isDoubled else { return TensorSource(name: parameter.name, shape: parameter.shape, floats: floats) }
            // One score for two classes is that of the second less that of the first.
            let half = floats.count / 2
            return TensorSource(
                name: parameter.name, shape: parameter.shape, floats: (0..<half).map { floats[half + $0] - floats[$0] })
        }
    }
}

extension EncoderConfiguration {
    /// Whether parameters of one are parameters of the other, and mean the same.
    fileprivate func hasSameLayers(as other: EncoderConfiguration) -> Bool {
        family == other.family && vocabulary == other.vocabulary && hidden == other.hidden && layers == other.layers
            && heads == other.heads && intermediate == other.intermediate && positions == other.positions
            && types == other.types && layerNormEpsilon == other.layerNormEpsilon && padToken == other.padToken
    }
}

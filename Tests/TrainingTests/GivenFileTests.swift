import Encoders
import Experiments
import Files
import Foundation
import Numerics
import Safetensors
import Tasks
import TestKit
import Testing
import Training

/// What a stage starts from that comes from outside: artifacts, runs, adapters of peft and models of transformers.
struct GivenFileTests {
    private static let lora = Tune.adapter(.lora(LoRASettings(rank: 3, alpha: 7, modules: [.query, .value])))

    /// A trained stage, and the folder that it was exported to.
    private struct Exported {
        let bench: Bench
        let recipe: Recipe
        let trained: TrainedStage
        let folder: String
        var target: GivenFile.Target {
            get throws {
                GivenFile.Target(
                    backbone: try Backbone(directory: bench.modelDirectory), content: bench.backbone, recipe: recipe,
                    task: bench.definition)
            }
        }

        init(_ tune: Tune, _ head: HeadDesign, merges: Bool = false, isLogistic: Bool = false) throws {
            bench = try Bench()
            recipe = bench.recipe {
                $0.tune = tune
                $0.head = head
                $0.isLogistic = isLogistic
                $0.budget = .steps(3)
                $0.learningRate = 3e-2
            }
            trained = try bench.trained(try bench.job(recipe, into: "out"))
            try RunDirectory(bench.folder["out"]).write(trained.record)
            folder = bench.folder["exported"]
            let compute = Compute(threads: 1)
            let model = try TrainedModel(trained, compute: compute)
            _ = try HuggingFaceExport(model, isMerging: merges, compute: compute).write(to: folder)
        }

        func read(
            _ kind: ArtifactKind, from path: String? = nil, besides others: Set<ArtifactKind> = [],
            for target: GivenFile.Target? = nil, base: String? = nil
        ) throws -> GivenFile {
            try GivenFile(
                kind, at: path ?? folder, for: try target ?? self.target, besides: others, findBase: { _ in base },
                cache: ContentStore(root: bench.folder["cache"], isCache: true))
        }

        func told(_ body: () throws -> GivenFile) -> String {
            do {
                return "nothing, but \(try body().path)"
            } catch {
                return "\(error)".replacing(bench.folder.path + "/", with: "")
            }
        }

        func artifact(_ kind: ArtifactKind) -> ArtifactID? { trained.record.result.artifact(kind)?.id }

        /// Rewrites the weights of the folder.
        func change(_ change: (String, TensorView) -> TensorSource?, metadata: [String: String]? = nil) throws {
            let path = "\(folder)/adapter_model.safetensors"
            let file = try SafetensorsFile(path: path)
            let tensors = try file.names.compactMap { name in
                let tensor = try #require(file.tensor(named: name))
                return change(name, tensor)
            }
            try SafetensorsWriter.write(tensors, metadata: metadata ?? file.metadata, to: path)
        }

        func configure(_ old: String, _ new: String) throws {
            let path = "\(folder)/adapter_config.json"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains(old))
            try AtomicFile.write(Data(text.replacing(old, with: new).utf8), to: path)
        }
    }

    private static func copy(_ name: String, _ tensor: TensorView) -> TensorSource? {
        tensor.floats().map { TensorSource(name: name, shape: tensor.shape, floats: $0) }
    }

    @Test(arguments: [
        (lora, HeadDesign.hf, ArtifactKind.adapter), (lora, .mlp(width: 8), .adapter),
        (.adapter(.prefix(length: 4, mlp: 0)), .mlp(width: 8), .adapter), (.bitfit, .hf, .delta),
        (.bitfit, .pooled, .delta),
    ])
    func `what was exported for peft is read back to the byte`(tune: Tune, head: HeadDesign, kind: ArtifactKind) throws
    {
        let exported = try Exported(tune, head)
        for kind in [kind, .head] {
            let given = try exported.read(kind)
            #expect(given.reference == exported.trained.record.result.artifact(kind), "\(kind)")
            #expect(try ArtifactID(rawValue: Disk.digest(of: given.path)) == exported.artifact(kind))
        }
    }

    @Test(arguments: [(HeadDesign.hf, false), (.mlp(width: 8), false), (.hf, true), (.linear, true)])
    func `what was exported for transformers is read back to the byte`(head: HeadDesign, isLogistic: Bool) throws {
        let exported = try Exported(.all, head, isLogistic: isLogistic)
        for kind in [ArtifactKind.backbone, .head] {
            #expect(try exported.read(kind).reference == exported.trained.record.result.artifact(kind), "\(kind)")
        }
    }

    @Test func `a run's folder and an artifact give what the run has left`() throws {
        let exported = try Exported(Self.lora, .linear)
        for path in ["out", "out/adapter.safetensors"] {
            let given = try exported.read(.adapter, from: exported.bench.folder[path])
            #expect(given.reference.id == exported.artifact(.adapter))
        }
        let told = exported.told { try exported.read(.delta, from: exported.bench.folder["out"]) }
        #expect(
            told == "out: the run kept no delta; it has: adapter, backbone, head; take one of these, or another run")
        let wrong = exported.told { try exported.read(.head, from: exported.bench.folder["out/adapter.safetensors"]) }
        #expect(wrong == "out/adapter.safetensors: holds a stage's adapter, not its head; give it as 'adapter'")
    }

    @Test func `what is not there and what is nothing of the kind is refused`() throws {
        let exported = try Exported(Self.lora, .linear)
        let folder = exported.bench.folder
        #expect(
            exported.told { try exported.read(.adapter, from: folder["none"]) }
                == "none: there is no such file or folder to take the adapter from; check the path")
        #expect(
            exported.told { try exported.read(.adapter, from: folder["data"]) }.hasPrefix(
                "data: holds no run (run.json)"))
        #expect(
            exported.told { try exported.read(.head, from: folder["model/model.safetensors"]) }
                == "model/model.safetensors: is no artifact of headstart; name one, or the folder of a run, of an adapter "
                + "or of a model")
        #expect(
            exported.told { try exported.read(.adapter, from: folder["model"]) }.hasSuffix(
                "a backbone, and no adapter; take one of these"))
    }

    @Test func `an adapter of another model is refused, by what it says or by the model that it names`() throws {
        let exported = try Exported(Self.lora, .hf)
        let other = GivenFile.Target(
            backbone: try Backbone(directory: exported.bench.modelDirectory), content: Digest(of: [9]),
            recipe: exported.recipe, task: exported.bench.definition)
        let sentence =
            "exported: the adapter is of another pretrained model (model) than the sweep's; take one that was made for this "
            + "model"
        let base = exported.bench.folder["base"]
        try FileManager.default.copyItem(atPath: exported.bench.modelDirectory, toPath: base)
        let told = { (target: GivenFile.Target, base: String?) in
            exported.told { try exported.read(.adapter, for: target, base: base) }
        }
        #expect(told(other, nil) == sentence)
        #expect(
            exported.told { try exported.read(.head, from: exported.bench.folder["out"], for: other) }
                == "out: the head is of another pretrained model than the sweep's; take one that was made for this model"
        )
        // As peft itself writes it, without the digest.
        try exported.change(Self.copy, metadata: ["format": "pt"])
        #expect(told(other, base) == sentence)
        #expect(try exported.read(.adapter, base: base).reference.id == exported.artifact(.adapter))
        #expect(try exported.read(.adapter).reference.id == exported.artifact(.adapter), "a model that is not here")
    }

    @Test func `an adapter with a missing tensor, another rank or a foreign layer is refused`() throws {
        var exported = try Exported(Self.lora, .hf)
        try exported.change { name, tensor in
            name.contains("layer.1.attention.self.value") ? nil : Self.copy(name, tensor)
        }
        #expect(
            exported.told { try exported.read(.adapter) }
                == "exported: tensor 'encoder.layer.1.attention.self.value.lora_A.weight' is missing: a LoRA on query+value "
                + "is in all 2 layers")

        exported = try Exported(Self.lora, .hf)
        try exported.configure("\"r\" : 3", "\"r\" : 5")
        #expect(
            exported.told { try exported.read(.adapter) }.hasSuffix(
                "is [3, 32], 'lora(r=5, alpha=7, dropout=0, modules=query+value)' on this model asks for [5, 32]"))

        exported = try Exported(Self.lora, .hf)
        try exported.change { name, tensor in
            Self.copy(name.replacing("attention.self.value", with: "pooler.dense"), tensor)
        }
        #expect(
            exported.told { try exported.read(.adapter) }.hasSuffix(
                "is of no layer that LoRA can act on here; those are attention.self.query, attention.self.key, "
                    + "attention.self.value, attention.output.dense, intermediate.dense, output.dense"))
    }

    @Test(arguments: [
        ("\"use_dora\" : false", "\"use_dora\" : true", "'use_dora' is true, which is not LoRA as it can be read"),
        ("\"LORA\"", "\"IA3\"", "'peft_type' is IA3; LORA and PREFIX_TUNING can be read"),
        ("\"r\" : 3", "\"r\" : 3, \"rank_pattern\": {\"x\": 2}", "'rank_pattern' gives layers ranks of their own"),
        ("\"r\" : 3", "\"r\" : -3", "'r' of adapter_config.json is no rank"),
        (
            "\"lora_alpha\" : 7", "\"lora_alpha\" : \"much\"",
            "'lora_alpha' of adapter_config.json is no number that can be"
        ),
        ("\"r\" : 3", "\"r\" 3", "adapter_config.json: not JSON"),
    ])
    func `an adapter of peft that cannot be read is refused with a sentence`(old: String, new: String, told: String)
        throws
    {
        let exported = try Exported(Self.lora, .hf)
        try exported.configure(old, new)
        #expect(exported.told { try exported.read(.adapter) }.contains(told))
    }

    @Test func `a prefix that counts positions in the way of transformers is refused`() throws {
        let exported = try Exported(.adapter(.prefix(length: 4, mlp: 0)), .mlp(width: 8))
        try exported.change(Self.copy, metadata: ["format": "pt"])
        #expect(exported.told { try exported.read(.adapter) }.contains("was not exported by headstart"))
    }

    @Test func `a head of another design, for other labels or none is refused`() throws {
        let exported = try Exported(Self.lora, .hf)
        var recipe = exported.recipe
        recipe.head = .mlp(width: 8)
        let target = { (recipe: Recipe, task: TaskDefinition) in
            GivenFile.Target(
                backbone: try Backbone(directory: exported.bench.modelDirectory), content: exported.bench.backbone,
                recipe: recipe, task: task)
        }
        let other = try target(recipe, exported.bench.definition)
        for path in ["out", "exported"] {
            #expect(
                exported.told { try exported.read(.head, from: exported.bench.folder[path], for: other) }
                    == "\(path): the head is 'hf', the stage asks for 'mlp(8)'; give the stage that head")
        }
        var task = exported.bench.definition
        task.labels = ["good", "bad"]
        #expect(
            exported.told { try exported.read(.head, for: try target(exported.recipe, task)) }
                == "exported: the head was made for the labels [\"bad\",\"good\"], task 'tiny' has [\"good\",\"bad\"]; "
                + "take a head that was made for these")
        #expect(
            exported.told { try exported.read(.head, from: exported.bench.modelDirectory) }
                == "model: has no tensor 'bert.pooler.dense.weight', so no head 'hf'; give the stage the head that it has, "
                + "or none")
    }

    @Test func `biases beside a LoRA are not passed over`() throws {
        let exported = try Exported(.bitfit, .hf)
        #expect(exported.told { try exported.read(.adapter) }.contains("has biases besides; take both"))
        #expect(
            exported.told { try exported.read(.adapter, besides: [.delta]) }.contains(
                "a LoRA on query is in all 2 layers"))
        let plain = try Exported(Self.lora, .hf)
        #expect(
            plain.told { try plain.read(.delta) }
                == "exported: has no biases, and nothing else that is a delta; take its adapter alone")
    }

    @Test func `a stage that is given what another left predicts as that one did`() throws {
        for tune in [Self.lora, .bitfit] {
            let exported = try Exported(tune, .hf)
            let kind: ArtifactKind = tune == .bitfit ? .delta : .adapter
            let given = [try exported.read(kind), try exported.read(.head)]
            var recipe = exported.recipe
            recipe.tune = .head
            recipe.budget = .steps(1)
            recipe.learningRate = 1e-30
            let specification = StageSpecification(
                backbone: exported.bench.backbone, task: exported.bench.task, recipe: recipe, seed: 1,
                given: given.map(\.reference))
            var job = try exported.bench.job(recipe, into: "again")
            job.planned = PlannedStage(
                key: try specification.key(), specification: specification, task: "tiny", label: "again",
                outputs: [.head])
            job.inputs = Dictionary(uniqueKeysWithValues: given.map { ($0.reference.kind, $0.path) })
            let again = try exported.bench.run(job)
            #expect(again.result.scores == exported.trained.record.result.scores)
            #expect(again.result.artifact(kind)?.id == exported.artifact(kind), "what was given is left again")
        }
    }
}

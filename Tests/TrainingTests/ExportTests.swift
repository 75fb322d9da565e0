import Collectives
import Encoders
import Experiments
import Files
import Foundation
import Numerics
import Safetensors
import Tasks
import TestKit
import Testing
import Tokenizers
import Training

/// What is exported says in transformers and peft what it says here, loaded as its README.md has it.
@Suite(.enabled(if: python != nil, "HEADSTART_PYTHON has no transformers; scripts/test --parity makes one"))
struct ExportParityTests {
    @Test(.timeLimit(.minutes(5))) func `transformers and peft compute the same logits of every kind`() throws {
        let place = try TemporaryFolder()
        var cases: [ExportCase.Reference] = []
        for export in ExportCase.all { cases.append(try export.reference(in: place["\(cases.count)"])) }
        let outcome = try check(cases, in: place)
        #expect(outcome.count == cases.count)
        for (export, compared) in zip(ExportCase.all, outcome) {
            #expect(compared.difference < 1e-5 && compared.difference >= 0, "\(export)")
            #expect(compared.isAdapter == export.isAdapter && compared.usesFile == export.usesFile, "\(export)")
            #expect(compared.missing == [], "\(export)")
        }
    }

    /// What peft trained and saved goes on here.
    @Test(.timeLimit(.minutes(5)), arguments: ["none", "all"])
    func `an adapter that peft has saved computes here what it computes there`(bias: String) throws {
        let bench = try Bench()
        let place = bench.folder
        let (ids, types): ([Int32], [Int32]) = ([2, 5, 13, 7, 12, 3, 6, 15, 8, 3], [0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
        let said = try run(
            Self.saving, [bench.modelDirectory, place["peft"], "\(ids)", "\(types)", bias, place["logits.json"]],
            in: place)
        #expect(said == 0)
        let recipe = bench.recipe {
            $0.head = .hf
            $0.tune = .head
            $0.budget = .steps(1)
            $0.learningRate = 1e-30
        }
        let target = GivenFile.Target(
            backbone: try Backbone(directory: bench.modelDirectory), content: bench.backbone, recipe: recipe,
            task: bench.definition)
        let kinds: Set<ArtifactKind> = bias == "all" ? [.adapter, .head, .delta] : [.adapter, .head]
        let given = try kinds.map { kind in
            try GivenFile(
                kind, at: place["peft"], for: target, besides: kinds.subtracting([kind]),
                findBase: { $0 == bench.modelDirectory ? $0 : nil },
                cache: ContentStore(root: place["cache"], isCache: true))
        }
        let specification = StageSpecification(
            backbone: bench.backbone, task: bench.task, recipe: recipe, seed: 1, given: given.map(\.reference))
        var job = try bench.job(recipe, into: "out")
        job.planned = PlannedStage(
            key: try specification.key(), specification: specification, task: "tiny", label: "read", outputs: [.head])
        job.inputs = Dictionary(uniqueKeysWithValues: given.map { ($0.reference.kind, $0.path) })
        let model = try TrainedModel(try bench.trained(job), compute: Compute(threads: 1))
        let sequence = EncodedSequence(TokenSequence(ids: ids, types: types))
        let ours = try #require(model.outputs([EncodedExample([sequence], labels: [])]).first)
        let theirs = try JSONDecoder().decode([Float].self, from: Data(contentsOf: URL(filePath: place["logits.json"])))
        #expect(zip(ours, theirs).allSatisfy { abs($0 - $1) < 1e-5 } && theirs.count == 2, "\(ours) \(theirs)")
    }

    private static let saving = """
        import json, sys, torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForSequenceClassification
        base, folder, ids, types, bias, out = sys.argv[1:]
        torch.manual_seed(1)
        model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=2)
        config = LoraConfig(
            task_type="SEQ_CLS", r=3, lora_alpha=7, target_modules=["query", "intermediate.dense"], bias=bias,
            modules_to_save=["pooler"],
        )
        model = get_peft_model(model, config).eval()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.requires_grad:
                    parameter.add_(0.1 * torch.randn_like(parameter))
            inputs = {"input_ids": torch.tensor([json.loads(ids)]), "token_type_ids": torch.tensor([json.loads(types)])}
            logits = model(**inputs).logits[0].tolist()
        model.save_pretrained(folder)
        json.dump(logits, open(out, "w"))
        """

    private struct Compared: Decodable {
        /// The largest of all logits.
        let difference: Double
        let isAdapter: Bool
        let usesFile: Bool
        /// Weights that the folder did not have, and those that nobody asked for.
        let missing: [String]
    }

    private func check(_ cases: [ExportCase.Reference], in place: TemporaryFolder) throws -> [Compared] {
        try JSONEncoder().encode(cases).write(to: URL(filePath: place["cases.json"]))
        try #require(try run(Self.program, [place["cases.json"], place["out.json"]], in: place) == 0)
        return try JSONDecoder().decode([Compared].self, from: Data(contentsOf: URL(filePath: place["out.json"])))
    }

    /// - Returns: the status, after an issue with what was said where it is not 0.
    private func run(_ program: String, _ arguments: [String], in place: TemporaryFolder) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: try #require(python))
        process.arguments = ["-c", program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging([
            "HF_HUB_OFFLINE": "1", "HF_MODULES_CACHE": place["modules"],
        ]) { $1 }
        let errors = place["errors"]
        _ = FileManager.default.createFile(atPath: errors, contents: nil)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit()
        let said = String(decoding: try Data(contentsOf: URL(filePath: errors)).suffix(3000), as: UTF8.self)
        #expect(process.terminationStatus == 0, "\(said)")
        return process.terminationStatus
    }

    private static let program = #"""
        import json, os, re, sys, torch, transformers

        def compare(case):
            folder = case["folder"]
            snippet = re.search(r"```python\n(.*?)```", open(folder + "/README.md").read(), re.S).group(1)
            names = {}
            exec(snippet.replace("FOLDER", folder), names)
            model = names["model"]
            missing = []
            is_adapter = os.path.exists(folder + "/adapter_config.json")
            if not is_adapter:
                auto = getattr(transformers, re.search(r"import AutoTokenizer, (\w+)", snippet).group(1))
                _, info = auto.from_pretrained(folder, trust_remote_code=True, output_loading_info=True)
                missing = [str(name) for kind in info.values() for name in kind]
            length = max(len(ids) for example in case["ids"] for ids in example)
            def padded(rows, value):
                rows = [[row + [value] * (length - len(row)) for row in example] for example in rows]
                rows = torch.tensor(rows)
                return rows if rows.shape[1] > 1 else rows[:, 0]
            inputs = {
                "input_ids": padded(case["ids"], 0),
                "attention_mask": padded([[[1] * len(ids) for ids in example] for example in case["ids"]], 0),
                "token_type_ids": padded(case["types"], 0),
            }
            if case["spans"]:
                inputs["spans"] = torch.tensor(case["spans"])
            with torch.no_grad():
                logits = model(**inputs).logits
            difference = 0
            for row, (places, ours) in enumerate(zip(case["places"], case["logits"])):
                theirs = logits[row][places].flatten() if places else logits[row]
                ours = torch.tensor(ours)
                assert theirs.shape == ours.shape, (folder, theirs.shape, ours.shape)
                difference = max(difference, (theirs - ours).abs().max().item())
            return {
                "difference": difference, "isAdapter": is_adapter, "missing": missing,
                "usesFile": os.path.exists(folder + "/modeling_headstart.py"),
            }

        cases = json.load(open(sys.argv[1]))
        json.dump([compare(case) for case in cases], open(sys.argv[2], "w"))
        """#
}

/// A stage that is trained and exported.
struct ExportCase: CustomStringConvertible, Sendable {
    var family = EncoderConfiguration.Family.bert
    var kind: TaskDefinition.Kind?
    var head = HeadDesign.linear
    var tune = Tune.all
    var isLogistic = false
    var isRegression = false
    var merges = true
    /// Whether the result is an adapter of peft.
    var isAdapter = false
    /// Whether the model's class comes in a file.
    var usesFile = false

    var description: String {
        "\(family) \(kind?.rawValue ?? "text") \(head) \(tune)" + (isLogistic ? " logistic" : "")
            + (isAdapter ? ", peft" : "")
    }

    private static let lora = Tune.adapter(
        .lora(LoRASettings(rank: 3, alpha: 7, modules: [.query, .feedForwardOutput])))
    private static let prefix = Tune.adapter(.prefix(length: 4, mlp: 0))
    private static let network = Tune.adapter(.prefix(length: 4, mlp: 8))
    private static let bottleneck = Tune.adapter(.bottleneck(width: 4, norms: true))

    static let all: [ExportCase] = [
        // Whole models
        ExportCase(head: .hf), ExportCase(head: .hf, isLogistic: true), ExportCase(head: .hf, isRegression: true),
        ExportCase(family: .roberta, head: .hf), ExportCase(head: .pooled, tune: .bitfit),
        ExportCase(family: .roberta, head: .pooled, usesFile: true), ExportCase(usesFile: true),
        ExportCase(head: .mlp(width: 8), usesFile: true),
        ExportCase(head: .mlp(width: 1), isLogistic: true, usesFile: true),
        ExportCase(family: .roberta, head: .mlp(width: 8), isRegression: true, usesFile: true),
        ExportCase(kind: .choices, head: .hf), ExportCase(kind: .choices, head: .pooled),
        ExportCase(family: .roberta, kind: .choices, head: .hf, usesFile: true),
        ExportCase(family: .roberta, kind: .choices, head: .pooled), ExportCase(kind: .choices, usesFile: true),
        ExportCase(kind: .tags), ExportCase(family: .roberta, kind: .tags),
        ExportCase(kind: .tags, head: .mlp(width: 8), usesFile: true),
        ExportCase(kind: .targetWords, head: .mlp(width: 8), usesFile: true),
        ExportCase(family: .roberta, kind: .targetWords, usesFile: true),
        ExportCase(kind: .maskedLM, head: .hf), ExportCase(family: .roberta, kind: .maskedLM, head: .hf),
        ExportCase(kind: .maskedLM, head: .mlp(width: 8), usesFile: true),
        // Adapters in whole models
        ExportCase(head: .hf, tune: lora), ExportCase(head: .mlp(width: 8), tune: prefix, usesFile: true),
        ExportCase(head: .hf, tune: network, usesFile: true),
        ExportCase(family: .roberta, kind: .tags, tune: prefix, usesFile: true),
        ExportCase(kind: .choices, head: .hf, tune: prefix, usesFile: true),
        ExportCase(kind: .maskedLM, head: .hf, tune: prefix, usesFile: true),
        ExportCase(head: .hf, tune: bottleneck, usesFile: true),
        ExportCase(family: .roberta, head: .linear, tune: bottleneck, merges: false, usesFile: true),
        // Adapters of peft
        ExportCase(head: .hf, tune: lora, merges: false, isAdapter: true),
        ExportCase(family: .roberta, head: .hf, tune: lora, merges: false, isAdapter: true),
        ExportCase(head: .pooled, tune: lora, isLogistic: true, merges: false, isAdapter: true),
        ExportCase(head: .mlp(width: 8), tune: lora, merges: false, isAdapter: true, usesFile: true),
        ExportCase(kind: .tags, tune: lora, merges: false, isAdapter: true),
        ExportCase(kind: .choices, head: .pooled, tune: lora, merges: false, isAdapter: true),
        ExportCase(kind: .maskedLM, head: .hf, tune: lora, merges: false, isAdapter: true),
        ExportCase(family: .roberta, kind: .maskedLM, head: .hf, tune: lora, merges: false, isAdapter: true),
        ExportCase(kind: .targetWords, tune: lora, merges: false, isAdapter: true, usesFile: true),
        ExportCase(head: .mlp(width: 8), tune: prefix, merges: false, isAdapter: true, usesFile: true),
        ExportCase(head: .hf, tune: network, merges: false, isAdapter: true, usesFile: true),
        ExportCase(family: .roberta, kind: .tags, tune: prefix, merges: false, isAdapter: true, usesFile: true),
        ExportCase(kind: .targetWords, tune: prefix, merges: false, isAdapter: true, usesFile: true),
        ExportCase(head: .hf, tune: .bitfit, merges: false, isAdapter: true),
        ExportCase(head: .pooled, tune: .bitfit, merges: false, isAdapter: true),
        ExportCase(family: .roberta, head: .pooled, tune: .bitfit, merges: false, isAdapter: true, usesFile: true),
        ExportCase(
            family: .roberta, kind: .tags, tune: .parameters(.biases([.query, .norm])), merges: false, isAdapter: true),
        // What peft has no adapter for
        ExportCase(head: .hf, tune: .parameters(.layerNorm), merges: false),
        ExportCase(kind: .choices, head: .hf, tune: prefix, merges: false, usesFile: true),
    ]

    /// What the trained stage gives for some examples, and where it was exported to.
    struct Reference: Encodable {
        let folder: String
        let ids: [[[Int32]]]
        let types: [[[Int32]]]
        /// The tokens that are read of each example; empty where that is no question.
        let places: [[Int]]
        let spans: [[[Int]]]
        let logits: [[Float]]
    }

    private var definition: (TaskDefinition, files: [String: String]) {
        if isRegression {
            let task = TaskDefinition(
                name: "values", train: "values", dev: "values", format: .tsv, text: .name("text"),
                label: .name("label"),
                labels: nil, metrics: [.pearson])
            return (task, ["values": "text\tlabel\n" + (0..<16).map { "the cat sings\t\(Double($0) / 4)\n" }.joined()])
        }
        guard let kind = TinyKind.all.first(where: { $0.definition.kind == kind }) else {
            return (TinyTask.definition, [:])
        }
        return (kind.definition, kind.files)
    }

    private var examples: [EncodedExample] {
        let sequence = { (ids: [Int32], second: Int, readout: Readout) in
            let types = ids.indices.map { Int32($0 >= second ? 1 : 0) }
            return EncodedSequence(TokenSequence(ids: ids, types: types), readout: readout)
        }
        let (long, short): ([Int32], [Int32]) = ([2, 5, 13, 7, 12, 3, 6, 15, 8, 3], [2, 6, 16, 9, 3, 18, 3])
        let readouts: (Readout, Readout) =
            switch kind {
            case nil, .choices: (.first, .first)
            case .targetWords: (.spans(2..<4, 7..<8), .spans(1..<2, 5..<6))
            case .tags, .maskedLM: (.tokens([1, 3, 4]), .tokens([2]))
            }
        let (first, second) = (sequence(long, 6, readouts.0), sequence(short, 5, readouts.1))
        if kind == .choices {
            return [EncodedExample([first, second], labels: []), EncodedExample([second, first], labels: [])]
        }
        return [EncodedExample([first], labels: []), EncodedExample([second], labels: [])]
    }

    /// - Parameter folder: to export to.
    func reference(in folder: String) throws -> Reference {
        let (definition, files) = definition
        let bench = try Bench(definition, files: files) { place in
            guard family == .roberta else { return }
            try TinyModel.write(to: place["model"], changing: ["model_type": "\"roberta\""])
        }
        // Where the card finds the base.
        let base = "\(folder)-base"
        try FileManager.default.copyItem(atPath: bench.modelDirectory, toPath: base)
        let trained = try trained(bench, base: base)
        let compute = Compute(threads: 1)
        let model = try TrainedModel(trained, compute: compute)
        _ = try HuggingFaceExport(model, isMerging: merges, compute: compute).write(to: folder)
        let examples = examples
        return Reference(
            folder: folder, ids: examples.map { $0.sequences.map(\.tokens.ids) },
            types: examples.map { $0.sequences.map(\.tokens.types) },
            places: examples.map { if case .tokens(let places) = $0.sequences[0].readout { places } else { [] } },
            spans: examples.compactMap {
                guard case .spans(let first, let second) = $0.sequences[0].readout else { return nil }
                return [[first.lowerBound, first.upperBound], [second.lowerBound, second.upperBound]]
            }, logits: model.outputs(examples))
    }

    private func trained(_ bench: Bench, base: String) throws -> TrainedStage {
        let recipe = bench.recipe {
            $0.head = head
            $0.tune = tune
            $0.isLogistic = isLogistic
            $0.budget = .steps(4)
            $0.learningRate = 3e-2
        }
        return try bench.trained(try bench.job(recipe, into: "out"), base: base)
    }
}

private let python = ProcessInfo.processInfo.environment["HEADSTART_PYTHON"].flatMap {
    FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil
}

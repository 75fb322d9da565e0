import Encoders
package import Experiments
package import Files
import Foundation
import Tasks
import Tokenizers

/// A task's examples as the token sequences that one model reads.
struct EncodedDataset {
    let train: [EncodedExample]
    let dev: [EncodedExample]
    /// Empty where the task has no third file.
    let validation: [EncodedExample]
    /// Empty where the task has none that nothing is selected on.
    let test: [EncodedExample]
    /// Where tokens are to be guessed: how they are hidden. All files then have those hidden that are always scored.
    let masking: TokenMasking?

    init(_ dataset: Dataset, with tokenizer: any Tokenizer, _ recipe: Recipe) throws(TokenizerError) {
        let reading = try ExampleEncoding(dataset.definition, with: tokenizer, recipe)
        train = try reading.encode(dataset.train, .train)
        dev = try reading.encode(dataset.dev, .dev)
        validation = try reading.encode(dataset.validation, .validation)
        test = try reading.encode(dataset.test, .test)
        masking = reading.masking
    }

    /// Those that the task has.
    var files: [DataFile] { DataFile.allCases.filter { !self[$0].isEmpty } }

    subscript(file: DataFile) -> [EncodedExample] {
        switch file {
        case .train: train
        case .dev: dev
        case .validation: validation
        case .test: test
        }
    }

    /// An example of the training file as one step reads it. It has as many labels in every step.
    func trained(_ example: Int, seed: UInt64, step: Int) -> EncodedExample {
        masking?.trained(train[example], seed: seed, step: step, example: example) ?? train[example]
    }
}

/// How one model reads a task's examples, tokens hidden as they are when they are scored.
struct ExampleEncoding {
    private let encoding: Encoding
    /// nil unless tokens are to be guessed.
    let masking: TokenMasking?

    init(_ definition: TaskDefinition, with tokenizer: any Tokenizer, _ recipe: Recipe) throws(TokenizerError) {
        encoding = Encoding(
            definition, with: tokenizer, maxLength: recipe.maxLength, truncation: recipe.truncation,
            blocks: recipe.blocks)
        masking = definition.kind == .maskedLM ? try TokenMasking(tokenizer) : nil
    }

    /// - Parameter file: whose examples they are; of each others are hidden.
    func encode(_ examples: [Example], _ file: DataFile) throws(TokenizerError) -> [EncodedExample] {
        let encoded = try encoding.encode(examples)
        return masking?.tested(encoded, file: file.rawValue) ?? encoded
    }
}

/// All that decides which tokens a model reads of a task.
package struct TextIdentity: Hashable, Encodable, Sendable {
    private let semantics = Precision.allCases.map(\.semanticsVersion)
    private let model: Digest
    private let task: Digest
    private let maxLength: Int
    private let truncation: Truncation
    private let blocks: TextBlocks

    /// - Parameters:
    ///   - model: its content.
    ///   - task: its content.
    ///   - recipe: says how texts are cut.
    package init(model: Digest, task: Digest, _ recipe: Recipe) {
        self.model = model
        self.task = task
        maxLength = recipe.maxLength
        truncation = recipe.truncation
        blocks = recipe.blocks
    }
}

/// The models and tokenized datasets that a process has read, kept between stages, which mostly ask for the same ones.
package final class InputCache {
    private var backbones: [Digest: Backbone] = [:]
    private var datasets: [TextIdentity: EncodedDataset] = [:]

    package init() {}

    /// The model in a directory, if it is the one that the stage was planned with.
    func backbone(at directory: String, expecting content: Digest) throws -> Backbone {
        if let known = backbones[content] { return known }
        let backbone = try Backbone(directory: directory)
        let found = try backbone.contentDigest()
        guard found == content else {
            throw StageFailure(
                .node,
                """
                \(directory): this model is not the one the sweep was planned with (content \(found.short), planned \
                \(content.short)); copy the planned model here, or plan the sweep with this one
                """)
        }
        backbones = [content: backbone]
        return backbone
    }

    /// The texts of the job's task, read, checked against the plan, and tokenized.
    func data(for job: StageJob, backbone: Backbone) throws -> EncodedDataset {
        let recipe = job.specification.recipe
        let key = TextIdentity(model: job.specification.backbone, task: job.specification.task, recipe)
        if let known = datasets[key] { return known }
        let found = try Dataset.contentDigest(job.task, in: job.dataDirectory)
        guard found == job.specification.task else {
            throw StageFailure(
                .node,
                """
                \(job.dataDirectory): the files of task '\(job.task.name)' are not those the sweep was planned with; \
                copy the planned files here, or plan the sweep anew
                """)
        }
        let dataset = try Dataset.load(job.task, in: job.dataDirectory)
        let tokenizer = try loadTokenizer(directory: backbone.directory)
        try checkFit(tokenizer, backbone)
        try checkFit(maxLength: recipe.maxLength, backbone)
        let data = try EncodedDataset(dataset, with: tokenizer, recipe)
        if datasets.count >= 4 { datasets.removeAll() }
        datasets[key] = data
        return data
    }
}

import Experiments
import Files
import Foundation

/// The README.md of an exported model: how it is loaded, how well it did, and where it comes from.
struct ModelCard {
    private let record: TrainedStage.Record
    private let form: TransformersForm
    /// What peft's adapter is; nil for a whole model.
    private let adapter: String?

    init(_ record: TrainedStage.Record, form: TransformersForm, adapter: String?) {
        self.record = record
        self.form = form
        self.adapter = adapter
    }

    func text() throws -> String {
        let base = BaseModel(record.model)
        return """
            ---
            library_name: \(adapter == nil ? "transformers" : "peft")
            base_model: \(base.name)
            tags: [headstart]
            ---

            # \(record.task.name) with \(record.label)

            \(adapter.map { "An adapter of peft (\($0))" } ?? "A model of transformers"), trained by Headstart from \
            \(record.model.name) on the task \(record.task.name).

            ```python
            \(loading(base))
            ```
            \(remarks)
            ## Scores

            | Split | Metric | Score |
            | --- | --- | ---: |
            \(scores)

            After \(record.result.steps) steps, \(record.result.trainable) trained numbers, the head's among them.

            ## Where it comes from

            | What | Digest (SHA-256) |
            | --- | --- |
            \(try lineage())

            ## Recipe

            Seed \(record.specification.seed).

            ```json
            \(try recipe())
            ```

            """
    }

    // MARK: Loading

    private func loading(_ base: BaseModel) -> String {
        guard adapter != nil else {
            let trust = form.isNative ? "" : ", trust_remote_code=True"
            return """
                from transformers import AutoTokenizer, \(form.autoClassName)

                tokenizer = AutoTokenizer.from_pretrained("FOLDER")
                model = \(form.autoClassName).from_pretrained("FOLDER"\(trust)).eval()
                """
        }
        let count = record.task.kind == .choices || record.task.kind == .maskedLM ? nil : record.task.labels?.count ?? 1
        let labels = form.isNative ? count.map { ", num_labels=\($0)" } ?? "" : ""
        let revision = base.revision.map { ", revision=\"\($0)\"" } ?? ""
        let load = ".from_pretrained(\"\(base.name)\"\(revision)\(labels))"
        let model =
            form.isNative
            ? "from transformers import AutoTokenizer, \(form.autoClassName)\n\nbase = \(form.autoClassName)\(load)"
            : """
            from transformers import AutoTokenizer
            from transformers.dynamic_module_utils import get_class_from_dynamic_module

            model_class = get_class_from_dynamic_module("\(ModelingFile.module).\(form.className)", "FOLDER")
            base = model_class\(load)
            """
        return """
            from peft import PeftModel
            \(model)
            tokenizer = AutoTokenizer.from_pretrained("FOLDER")
            model = PeftModel.from_pretrained(base, "FOLDER").eval()
            """
    }

    private var remarks: String {
        guard form.kind == .targetWords else { return "" }
        return """

            The model asks for `spans`, too, [batch, 2, 2]: for each of the two target words the place of its first token and \
            that of the first token behind it.

            """
    }

    // MARK: What is known

    private var scores: String {
        record.result.scores.map { "| \($0.split.rawValue) | \($0.metric.rawValue) | \($0.figure) |" }.joined(
            separator: "\n")
    }

    private func lineage() throws -> String {
        let specification = record.specification
        var rows = [
            ("this stage", try specification.key().description),
            ("pretrained model \(record.model.name)", specification.backbone.hex),
            ("data of \(record.task.name), and how they are read", specification.task.hex),
        ]
        rows += specification.inputs.map { ("the stage that left its \($0.kind.rawValue)", $0.from.description) }
        rows += specification.given.map { ("the \($0.kind.rawValue) that was given", $0.id.description) }
        rows += record.result.artifacts.sorted { $0.kind < $1.kind }.map {
            ("its \($0.kind.rawValue)", $0.id.description)
        }
        return rows.map { "| \($0) | `\($1)` |" }.joined(separator: "\n")
    }

    private func recipe() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(record.specification.recipe), as: UTF8.self)
    }
}

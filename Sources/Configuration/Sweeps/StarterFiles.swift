package import Experiments

/// The task file and the sweep file of someone who begins with a file of their own: commented, so that they teach how to
/// change them.
package struct StarterFiles: Sendable {
    /// The methods that are compared first: the two that a person asks about, the subject of the EH-FT paper first.
    package static let compared = ["eh-ft-bitfit", "finetune"]
    /// The fewest seeds with which two methods can be told apart.
    private static let seeds = 6

    private let task: TaskDefinition
    private let remarks: [String: String]
    private let model: String
    private let source: String
    private let rowCount: Int
    private let longLength: Int

    /// - Parameters:
    ///   - remarks: what to say of the task's keys.
    ///   - model: as a sweep file has it.
    ///   - source: the data file, for people.
    ///   - longLength: characters that most rows stay below.
    package init(
        _ task: TaskDefinition, remarks: [String: String], model: String, source: String, rowCount: Int,
        longLength: Int
    ) {
        self.task = task
        self.remarks = remarks
        self.model = model
        self.source = source
        self.rowCount = rowCount
        self.longLength = longLength
    }

    package var taskFile: String {
        """
        \(YAMLText.comment("What `headstart init` took \(source) for."))
        # Change here what it guessed wrong; `headstart data check \(task.name)` shows what comes of it, and
        # configs/tasks.yaml says what else there is.
        \(task.entry(remarks: remarks))

        """
    }

    package var sweepFile: String {
        """
        \(YAMLText.comment("Two ways of fine-tuning and a baseline on \(source)."))
        # `headstart plan` says what that costs, and `headstart train --help` lists every setting.
        sweep: \(YAMLText.quoted(task.name))
        model: \(YAMLText.quoted(model))
        tasks: [\(YAMLText.quoted(task.name))]
        # With fewer than 6 seeds no difference can be told from chance; more show smaller ones.
        seeds: 1..\(Self.seeds)
        defaults:
          # passes over the data; a small set takes more
          epochs: \(epochs)
          batch: 16
          # 2e-5 is the usual choice for larger models
          lr: 5e-5
          # tokens of a text; longer ones are cut, and `headstart plan` says how many
          max-length: \(maxLength)
          head: "mlp(256)"
        methods:
          # everything moves
          finetune: { tune: all }
          # EH-FT: first the head and the biases, then everything from the pretrained values with that head
          eh-ft-bitfit:
            - { tune: bitfit, lr: 5e-4, share: 0.1 }
            - { tune: all, share: 0.9, from: { head: previous } }
          # the head alone, on a model that stays as it is
          linear-probe: { tune: head, lr: 5e-4 }

        """
    }

    private var epochs: Int {
        switch rowCount {
        case ..<2_000: 10
        case ..<20_000: 4
        default: 2
        }
    }

    /// By the rule of thumb that a token has four characters.
    private var maxLength: Int {
        switch longLength / 4 {
        case ..<56: 64
        case ..<120: 128
        default: 256
        }
    }
}

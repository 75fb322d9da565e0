import Experiments

extension Lineage {
    /// A block for the stage, and below it, further in, one for each stage that it starts from.
    package func text(width: Int = .max) -> String { folded(lines, width: width).joined(separator: "\n") }

    private var lines: [String] {
        let facts = [
            ("key", "\(key)"), ("score", score), ("model", "\(model.content)"), ("", model.name),
            ("data", "\(data.content)"), ("", dataWords), ("recipe", "\(recipe)"), ("", recipeWords),
            ("program", programWords), ("trained", trainedWords), ("parameters", result.map { "\($0.parameters)" }),
        ]
        let known = facts.compactMap { name, value in value.map { "  \(padded(name)) \($0)" } }
        let artifacts = (result?.artifacts ?? []).map { artifact in
            "  \(padded(artifact.kind.rawValue)) \(artifact.id)  \(decimals(Double(artifact.byteCount) / 1e6, 1)) MB"
        }
        let sources = inputs.flatMap { input in
            ["", "  starts from \(input.kind.rawValue) \(input.artifact.map { "\($0)" } ?? "(not made yet)") of"]
                + input.from.lines.map { "    \($0)" }
        }
        let files = given.map { "  starts from \($0.kind.rawValue) \($0.id), given as a file" }
        return ["\(task) \(stage) seed \(seed)"] + known + artifacts + files + sources
    }

    private func padded(_ name: String) -> String {
        name + String(repeating: " ", count: max(0, 11 - name.count))
    }

    private var score: String? {
        guard let result else { return "none: the stage is \(state.rawValue)" }
        // Those of the test set are shown where they are asked for.
        return result.scores.filter { $0.split != .test }.map {
            "\($0.metric.rawValue) \($0.figure) on \($0.split.rawValue)"
        }
        .joined(separator: ", ")
    }

    private var dataWords: String {
        let files = data.files.sorted { $0.key > $1.key }.flatMap(\.value).joined(separator: ", ")
        let dev = data.devCount.map { " and \($0) scored on" } ?? ""
        return "\(files) in \(data.directory), \(counted(data.trainCount, "row")) to train on\(dev)"
    }

    private var recipeWords: String? {
        settings.isEmpty ? nil : settings.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    private var programWords: String {
        let program = result?.node.program.map { "headstart \($0)" } ?? "of a version that was not noted"
        return "\(program), version \(semantics) of training"
    }

    private var trainedWords: String? {
        result.map { result in
            let node = result.node
            let end = endedAt.map { "until \(moment($0)) " } ?? ""
            return "\(end)on \(node.host), \(counted(node.ranks, "rank")) of \(counted(node.threads, "thread")), "
                + "\(node.blasCore), \(counted(attempts, "attempt"))"
        }
    }
}

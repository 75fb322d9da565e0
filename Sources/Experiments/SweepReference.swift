/// Settings of a sweep by its name: `reviews` are those asked for last, `reviews~1` those before, and so on.
package struct SweepReference: Hashable, Sendable, CustomStringConvertible {
    package let name: String
    /// How many settings of the name were asked for since.
    package let age: Int

    package init(name: String, age: Int) {
        self.name = name
        self.age = age
    }

    /// A name alone means the last settings; names have no `~`.
    package init(_ text: String) {
        let parts = text.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, let age = Int(parts[1]), age >= 0 {
            self.init(name: String(parts[0]), age: age)
        } else {
            self.init(name: text, age: 0)
        }
    }

    package var description: String { age == 0 ? name : "\(name)~\(age)" }
}

/// Written as it is read.
extension SweepReference: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension SweepPlan {
    /// The sweep with these of its rows alone, under another name; its stages stay.
    package func keeping(_ rows: [SweepRow], as name: String) -> SweepPlan {
        SweepPlan(
            name: name, model: model, dataDirectory: dataDirectory, tasks: tasks, stages: stages, rows: rows,
            searches: searches)
    }
}

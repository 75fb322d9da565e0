package import Experiments

/// The tasks of `configs/tasks.yaml` and of the user's own files, by name.
package struct TaskCatalog: Sendable {
    package private(set) var definitions: [TaskDefinition] = []

    package init() {}

    package var names: [String] { definitions.map(\.name) }

    package subscript(name: String) -> TaskDefinition? { definitions.first { $0.name == name } }

    /// - Throws: a sentence with the nearest name where there is no such task.
    package func definition(named name: String) throws(ConfigurationError) -> TaskDefinition {
        guard let definition = self[name] else { throw ConfigurationError(unknown(name)) }
        return definition
    }

    func definition(named name: String, at place: Place) throws(ConfigurationError) -> TaskDefinition {
        guard let definition = self[name] else { throw ConfigurationError(unknown(name), at: place) }
        return definition
    }

    private func unknown(_ name: String) -> String {
        "unknown task '\(name)'\(hint(for: name, among: names))"
    }

    /// Adds the tasks of a file. A name that is known already keeps its meaning: nearer files are read first.
    package mutating func add(file: String) throws(ConfigurationError) {
        var findings = Findings()
        let section = try Section(YAMLValue.read(file), name: "the file")
        for entry in section.entries {
            let definition = findings.collect { () throws(ConfigurationError) in try TaskDefinition(entry) }
            if let definition, self[entry.key] == nil { definitions.append(definition) }
        }
        try findings.check()
    }
}

extension TaskDefinition {
    private static let keys = [
        "train", "dev", "format", "header", "encoding", "text", "pair", "label", "labels", "metrics",
    ]

    fileprivate init(_ entry: YAMLEntry) throws(ConfigurationError) {
        guard isName(entry.key) else {
            throw ConfigurationError("'\(entry.key)' cannot be a task's name; \(nameRule)", at: entry.place)
        }
        let section = try Section(entry.value, name: "task '\(entry.key)'", at: entry.place)
        try section.checkKeys(Self.keys)
        self.init(
            name: entry.key,
            train: try section.required("train").text("'train'"),
            dev: try section.required("dev").text("'dev'"),
            format: try section.required("format").choice("'format'"),
            header: try Self.header(section),
            encoding: try section["encoding"].map { value throws(ConfigurationError) in
                try value.choice("'encoding'")
            } ?? .utf8,
            text: try Self.column("text", section, byDefault: "text"),
            pair: try section["pair"].map { value throws(ConfigurationError) in try value.column("'pair'") },
            label: try Self.column("label", section, byDefault: "label"),
            labels: try Self.labels(section),
            metrics: try Self.metrics(section))
        try checkColumns(section)
        try checkMetrics(section)
    }

    /// Whether the first line names the columns: a matter of tables only.
    private static func header(_ section: Section) throws(ConfigurationError) -> Bool {
        guard let value = section["header"] else { return true }
        let format: FileFormat = try section.required("format").choice("'format'")
        guard format == .tsv || format == .csv else {
            throw ConfigurationError("'header' is for tsv and csv files; \(format.rawValue) has none", at: value.place)
        }
        let text = try value.text("'header'")
        guard let header = Bool(text) else {
            throw ConfigurationError("'header' must be true or false, not '\(text)'", at: value.place)
        }
        return header
    }

    /// TREC files have columns of fixed names; elsewhere the column must be given.
    private static func column(
        _ key: String, _ section: Section, byDefault name: String
    ) throws(ConfigurationError) -> Column {
        let format: FileFormat = try section.required("format").choice("'format'")
        if format == .trec, section[key] == nil { return .name(name) }
        return try section.required(key).column("'\(key)'")
    }

    private static func labels(_ section: Section) throws(ConfigurationError) -> [String]? {
        guard let value = section["labels"] else { return nil }
        let labels = try value.uniqueTexts("'labels'").map(\.text)
        guard labels.count > 1 else {
            throw ConfigurationError(
                "'labels' must list two or more classes; leave it out for regression", at: value.place)
        }
        return labels
    }

    private static func metrics(_ section: Section) throws(ConfigurationError) -> [Metric] {
        let value = try section.required("metrics")
        return try value.uniqueTexts("'metrics'").map { name throws(ConfigurationError) in
            guard let metric = Metric(rawValue: name.text) else {
                let guess = hint(for: name.text, among: Metric.allCases.map(\.rawValue))
                throw ConfigurationError("unknown metric '\(name.text)'\(guess)", at: name.place)
            }
            return metric
        }
    }

    private func checkColumns(_ section: Section) throws(ConfigurationError) {
        for (key, column) in [("text", text), ("pair", pair), ("label", label)] {
            guard let column, let place = section[key]?.place else { continue }
            switch (column, format) {
            case (.number, .jsonl), (.number, .trec):
                throw ConfigurationError(
                    "'\(key)' must be a name: \(format.rawValue) fields have no numbers", at: place)
            case (.name(let name), .tsv) where !header, (.name(let name), .csv) where !header:
                throw ConfigurationError(
                    "'\(key)' must be a number from 1, not '\(name)': the file has no header", at: place)
            default: continue
            }
        }
    }

    private func checkMetrics(_ section: Section) throws(ConfigurationError) {
        let place = section["metrics"]?.place ?? section.place
        for metric in metrics where metric.isForRegression != (labels == nil) {
            let reason =
                labels == nil
                ? "compares classes, but the task has no 'labels'" : "compares numbers, but the task has 'labels'"
            throw ConfigurationError("metric '\(metric.rawValue)' \(reason)", at: place)
        }
    }
}

extension YAMLValue {
    /// A number stands for a place, anything else, numbers in quotation marks included, for a name.
    fileprivate func column(_ what: String) throws(ConfigurationError) -> Column {
        let text = try text(what)
        guard case .scalar(_, isQuoted: false) = content, let number = Int(text) else { return .name(text) }
        guard number > 0 else { throw ConfigurationError("\(what) must be a name or a number from 1", at: place) }
        return .number(number)
    }
}

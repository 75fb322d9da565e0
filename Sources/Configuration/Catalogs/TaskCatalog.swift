package import Experiments

/// The tasks of `configs/tasks.yaml` and of the user's own files, by name.
package struct TaskCatalog: Sendable {
    /// What is wrong with an entry is told to those alone who ask for its task.
    private var entries: [Entry] = []

    private struct Entry: Sendable {
        let name: String
        let meaning: Result<Meaning, ConfigurationError>
        /// As its file has it.
        let text: String
    }

    private struct Meaning: Sendable {
        let task: TaskDefinition
        /// The address of the archive that has the task's files: how to come by them is nothing of what the task is.
        let archive: String?
    }

    package init() {}

    package var names: [String] { entries.map(\.name) }

    /// - Returns: nil also where the task's entry is wrong.
    package subscript(name: String) -> TaskDefinition? {
        guard case .success(let meaning)? = entry(name)?.meaning else { return nil }
        return meaning.task
    }

    /// - Throws: what is wrong with the task's entry, or a sentence with the nearest name where there is no such task.
    /// A single fold is a task, too, by its name, as `reviews/2`.
    package func definition(named name: String) throws(ConfigurationError) -> TaskDefinition {
        try definition(named: name, at: nil)
    }

    func definition(named name: String, at place: Place?) throws(ConfigurationError) -> TaskDefinition {
        if let entry = entry(name) { return try entry.meaning.get().task }
        guard let slash = name.lastIndex(of: "/"), let entry = entry(String(name[..<slash])) else {
            throw ConfigurationError("unknown task '\(name)'\(hint(for: name, among: names))", at: place)
        }
        let task = try entry.meaning.get().task
        guard let folds = task.folds else { throw ConfigurationError("task '\(task.name)' has no 'folds'", at: place) }
        guard let fold = task.trained.first(where: { $0.name == name }) else {
            throw ConfigurationError(
                "task '\(task.name)' has no such fold; they are \(task.name)/1 to \(task.name)/\(folds)", at: place)
        }
        return fold
    }

    /// The address of the archive that has the task's files; nil where the entry names none.
    package func archive(of name: String) throws(ConfigurationError) -> String? {
        try entry(name)?.meaning.get().archive
    }

    /// The task's entry as its file has it.
    package func text(of name: String) -> String? { entry(name)?.text }

    private func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }

    /// Adds the tasks of a file. A name that is known already keeps its meaning: nearer files are read first.
    /// - Parameter dataDirectory: where folders lie that tasks name.
    package mutating func add(file: String, dataDirectory: String? = nil) throws(ConfigurationError) {
        let text = try YAMLValue.text(of: file)
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for entry in try Section(YAMLValue.parse(text, file: file), name: "the file").entries
        where self.entry(entry.key) == nil {
            let meaning = Result<Meaning, ConfigurationError> { () throws(ConfigurationError) in
                let section = try Section(entry.value, name: "task '\(entry.key)'", at: entry.place)
                return Meaning(
                    task: try TaskDefinition(entry, dataDirectory: dataDirectory),
                    archive: try section["archive"]?.text("'archive'"))
            }
            entries.append(Entry(name: entry.key, meaning: meaning, text: entry.text(in: lines)))
        }
    }
}

extension YAMLEntry {
    /// The lines from the entry's key to the next one's, without those between that say nothing.
    fileprivate func text(in lines: [Substring]) -> String {
        guard case .line(_, let first) = place, lines.indices.contains(first - 1) else { return "" }
        let rest = lines[first...].prefix { $0.first.map { $0 == " " || $0 == "#" } ?? true }
        let said = rest.reversed().drop { line in line.drop { $0.isWhitespace }.first.map { $0 == "#" } ?? true }
        return ([lines[first - 1]] + said.reversed()).joined(separator: "\n")
    }
}

extension TaskDefinition {
    private static let keys = [
        "kind", "folder", "subset", "train", "dev", "folds", "dev-seed", "validation", "test", "train-rows", "dev-rows",
        "format", "header", "encoding",
        "empty", "extra", "columns", "comment", "text", "pair", "choices", "targets", "compare", "label", "labels",
        "label-numbers",
        "unknown", "metrics", "archive",
    ]

    /// The word for tasks without a kind of their own.
    private static let classification = "classification"

    /// One entry of a file of tasks.
    /// - Parameter dataDirectory: where its `folder` lies.
    init(_ entry: YAMLEntry, dataDirectory: String?) throws(ConfigurationError) {
        guard isName(entry.key) else {
            throw ConfigurationError("'\(entry.key)' cannot be a task's name; \(nameRule)", at: entry.place)
        }
        let section = try Section(entry.value, name: "task '\(entry.key)'", at: entry.place)
        try section.checkKeys(Self.keys)
        let folder = try section.folder(in: dataDirectory)
        let format = try section.format(folder)
        let kind = try Self.kind(section)
        try FormFit(section, format, kind).check()
        let columns = TaskColumns(section, format)
        let devShare = try section.devShare(kind)
        let folds = try section.folds(kind)
        let isDrawn = devShare != nil || folds != nil
        let label = kind == .maskedLM ? nil : try columns.required("label")
        let numbered = section["labels"] == nil ? folder?.labels(of: label) : nil
        let needsLabels = kind != nil && kind != .maskedLM
        self.init(
            name: entry.key,
            train: try section.train(folder),
            dev: isDrawn ? nil : try section.dev(folder),
            devShare: devShare,
            folds: folds,
            devSeed: try section.devSeed(isDrawn: isDrawn),
            validation: try section["validation"]?.files("'validation'"),
            test: try section["test"]?.files("'test'"),
            trainRows: try section.rows("train-rows"),
            devRows: try section.rows("dev-rows"),
            kind: kind,
            format: format,
            header: try section.flag("header") ?? true,
            encoding: try section["encoding"].map { value throws(ConfigurationError) in
                try value.choice("'encoding'")
            } ?? .utf8,
            skipsEmpty: try section.says("skip", "empty"),
            ignoresExtra: try section.says("ignore", "extra"),
            columnNames: try section["columns"]?.uniqueTexts("'columns'").map(\.text),
            comment: try section["comment"]?.text("'comment'"),
            text: try columns.required("text"),
            pair: try columns.given("pair"),
            choices: kind == .choices ? try columns.list("choices") : nil,
            targets: kind == .targetWords ? try columns.list("targets") : nil,
            compares: try section.flag("compare"),
            label: label,
            labels: numbered == nil ? try Self.labels(section, isRequired: needsLabels) : numbered,
            numbersLabels: try numbered == nil ? section.flag("label-numbers") : true,
            unknown: try section["unknown"]?.text("'unknown'"),
            metrics: try Self.metrics(section))
        try columns.check(self)
        try checkCounts(section)
        try checkMetrics(section)
    }

    private static func kind(_ section: Section) throws(ConfigurationError) -> Kind? {
        guard let value = section["kind"] else { return nil }
        let name = try value.text("'kind'")
        if name == classification { return nil }
        guard let kind = Kind(rawValue: name) else {
            let known = [classification] + Kind.allCases.map(\.rawValue)
            throw ConfigurationError("'kind' must be \(oneOf(known)), not '\(name)'", at: value.place)
        }
        return kind
    }

    private static func labels(_ section: Section, isRequired: Bool) throws(ConfigurationError) -> [String]? {
        guard let value = section["labels"] else {
            return isRequired ? try section.required("labels").uniqueTexts("'labels'").map(\.text) : nil
        }
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

    private func checkCounts(_ section: Section) throws(ConfigurationError) {
        if let choices, let labels, choices.count != labels.count {
            let sentence =
                "'labels' must name each choice: there are \(choices.count) choices and \(labels.count) labels"
            throw ConfigurationError(sentence, at: section["labels"]?.place ?? section.place)
        }
        if let targets, targets.count != 2, targets.count != 4 {
            let sentence =
                "'targets' must list two columns (numbers of words) or four (where each word begins and ends)"
            throw ConfigurationError(sentence, at: section["targets"]?.place ?? section.place)
        }
    }

    private func checkMetrics(_ section: Section) throws(ConfigurationError) {
        let place = section["metrics"]?.place ?? section.place
        for metric in metrics {
            guard let objection = metric.objection(to: self) else { continue }
            throw ConfigurationError("metric '\(metric.rawValue)' \(objection)", at: place)
        }
    }
}

extension YAMLValue {
    /// One file or several.
    fileprivate func files(_ what: String) throws(ConfigurationError) -> DataFiles {
        DataFiles(try uniqueTexts(what).map(\.text))
    }
}

extension Section {
    /// The folder that has the task's files; nil where the task names them itself.
    fileprivate func folder(in directory: String?) throws(ConfigurationError) -> DatasetFolder? {
        guard let value = self["folder"] else {
            guard let place = self["subset"]?.place else { return nil }
            throw ConfigurationError("'subset' is one of a 'folder'", at: place)
        }
        if let place = self["format"]?.place {
            throw ConfigurationError("with 'folder' its files say what 'format' they have; leave it out", at: place)
        }
        return try DatasetFolder(value, subset: self["subset"], in: directory)
    }

    fileprivate func format(_ folder: DatasetFolder?) throws(ConfigurationError) -> TaskDefinition.FileFormat {
        if let folder { return folder.format }
        return try required("format").choice("'format'")
    }

    fileprivate func train(_ folder: DatasetFolder?) throws(ConfigurationError) -> DataFiles {
        if self["train"] == nil, let files = folder?.files(of: .train) { return files }
        return try required("train").files("'train'")
    }

    fileprivate func dev(_ folder: DatasetFolder?) throws(ConfigurationError) -> DataFiles {
        if self["dev"] == nil, let folder { return try folder.dev() }
        return try required("dev").files("'dev'")
    }

    /// The share of the training rows that `dev` asks for, as 20%; nil where it names files.
    fileprivate func devShare(_ kind: TaskDefinition.Kind?) throws(ConfigurationError) -> Double? {
        guard let value = self["dev"], case .scalar(let text, isQuoted: false) = value.content, text.hasSuffix("%")
        else { return nil }
        guard let percent = Double(text.dropLast()), percent > 0, percent < 100 else {
            throw ConfigurationError(
                "'dev' must name files, or a share of the training rows above 0% and below 100%, not '\(text)'",
                at: value.place)
        }
        guard kind != .maskedLM else {
            throw ConfigurationError("running text has no rows to draw; name a file in 'dev'", at: value.place)
        }
        if let rows = self["dev-rows"] {
            throw ConfigurationError("'dev-rows' are those of a file, but 'dev' is a share of train's", at: rows.place)
        }
        return percent / 100
    }

    /// Into how many parts the training rows are dealt; nil where they are not.
    fileprivate func folds(_ kind: TaskDefinition.Kind?) throws(ConfigurationError) -> Int? {
        guard let value = self["folds"] else { return nil }
        let text = try value.text("'folds'")
        guard let folds = Int(text), 2...100 ~= folds else {
            throw ConfigurationError("'folds' must be a whole number from 2 to 100, not '\(text)'", at: value.place)
        }
        guard kind != .maskedLM else {
            throw ConfigurationError(
                "running text has no rows to deal into folds; name a file in 'dev'", at: value.place)
        }
        for key in ["dev", "dev-rows"] {
            guard let place = self[key]?.place else { continue }
            throw ConfigurationError("with 'folds' each part of train is once dev; leave '\(key)' out", at: place)
        }
        return folds
    }

    fileprivate func devSeed(isDrawn: Bool) throws(ConfigurationError) -> UInt64? {
        guard let value = self["dev-seed"] else { return nil }
        guard isDrawn else {
            throw ConfigurationError(
                "'dev-seed' is for a 'dev' that is drawn, as 'dev: 20%', and for 'folds'", at: value.place)
        }
        let text = try value.text("'dev-seed'")
        guard let seed = UInt64(text) else {
            throw ConfigurationError("'dev-seed' must be a whole number from 0, not '\(text)'", at: value.place)
        }
        return seed
    }

    /// The first and the last row that a key names, as 1..400; nil where it is not there.
    fileprivate func rows(_ key: String) throws(ConfigurationError) -> ClosedRange<Int>? {
        guard let value = self[key] else { return nil }
        let text = try value.text("'\(key)'")
        let ends = text.split(separator: "..", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], 1 <= first, first <= last else {
            throw ConfigurationError(
                "'\(key)' must be the first and the last row, from 1, as 1..400, not '\(text)'", at: value.place)
        }
        return first...last
    }

    /// Whether a key says that something is let pass, by this word; nil where it is an error.
    fileprivate func says(_ word: String, _ key: String) throws(ConfigurationError) -> Bool? {
        guard let value = self[key] else { return nil }
        let text = try value.text("'\(key)'")
        guard [word, "error"].contains(text) else {
            throw ConfigurationError("'\(key)' must be \(word) or error, not '\(text)'", at: value.place)
        }
        return text == word ? true : nil
    }

    /// Whether a key says true; nil where it is not there.
    fileprivate func flag(_ key: String) throws(ConfigurationError) -> Bool? {
        guard let value = self[key] else { return nil }
        let text = try value.text("'\(key)'")
        guard let flag = Bool(text) else {
            throw ConfigurationError("'\(key)' must be true or false, not '\(text)'", at: value.place)
        }
        return flag
    }
}

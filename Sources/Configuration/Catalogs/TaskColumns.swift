import Experiments

/// The columns that a task names, or that its files' form names for it.
struct TaskColumns {
    private let section: Section
    private let format: TaskDefinition.FileFormat

    init(_ section: Section, _ format: TaskDefinition.FileFormat) {
        self.section = section
        self.format = format
    }

    /// The names of columns in forms that have their own, by the keys of a task.
    static let fixed: [TaskDefinition.FileFormat: [String: [Column]]] = [
        .trec: ["text": [.name("text")], "label": [.name("label")]],
        .copa: [
            "text": [.name("premise")], "choices": [.name("choice1"), .name("choice2")], "label": [.name("label")],
        ],
        .wic: [
            "text": [.name("text")], "pair": [.name("pair")], "targets": [.name("index1"), .name("index2")],
            "label": [.name("label")],
        ],
        .lines: ["text": [.name("text")]],
    ]

    func required(_ key: String) throws(ConfigurationError) -> Column {
        if let column = try given(key) { return column }
        return try section.required(key).column("'\(key)'")
    }

    func given(_ key: String) throws(ConfigurationError) -> Column? {
        if let value = section[key] { return try value.column("'\(key)'") }
        return Self.fixed[format]?[key]?.first
    }

    func list(_ key: String) throws(ConfigurationError) -> [Column] {
        if let columns = Self.fixed[format]?[key] { return columns }
        return try section.required(key).list("'\(key)'").map { value throws(ConfigurationError) in
            try value.column("an entry of '\(key)'")
        }
    }

    /// Refuses columns that files of the form cannot have.
    func check(_ task: TaskDefinition) throws(ConfigurationError) {
        let single = [("text", task.text), ("pair", task.pair), ("label", task.label)].map {
            ($0, $1.map { [$0] } ?? [])
        }
        for (key, columns) in single + [("choices", task.choices ?? []), ("targets", task.targets ?? [])] {
            guard let place = section[key]?.place else { continue }
            for column in columns { try check(column, key, task, at: place) }
        }
    }

    private func check(
        _ column: Column, _ key: String, _ task: TaskDefinition, at place: Place
    ) throws(ConfigurationError) {
        switch (column, format) {
        case (_, .copa), (_, .wic), (_, .lines):
            throw ConfigurationError(
                "'\(key)' cannot be chosen: \(format.rawValue) files have columns of their own", at: place)
        case (.number, .jsonl), (.number, .trec):
            throw ConfigurationError("'\(key)' must be a name: \(format.rawValue) fields have no numbers", at: place)
        case (.name(let name), .conll) where task.columnNames != nil:
            guard let names = task.columnNames, !names.contains(name) else { return }
            throw ConfigurationError("'columns' has no '\(name)'\(hint(for: name, among: names))", at: place)
        case (.name(let name), .conll):
            throw ConfigurationError(
                "'\(key)' must be a number from 1, not '\(name)': the file has no header; name them in 'columns'",
                at: place)
        case (.name(let name), .tsv) where !task.header, (.name(let name), .csv) where !task.header:
            let sentence = "'\(key)' must be a number from 1, not '\(name)': the file has no header"
            throw ConfigurationError(sentence, at: place)
        default: return
        }
    }
}

/// Which forms of files and which keys go with which kind of task.
struct FormFit {
    private let section: Section
    private let format: TaskDefinition.FileFormat
    private let kind: TaskDefinition.Kind?

    init(_ section: Section, _ format: TaskDefinition.FileFormat, _ kind: TaskDefinition.Kind?) {
        self.section = section
        self.format = format
        self.kind = kind
    }

    func check() throws(ConfigurationError) {
        if let place = section["header"]?.place, format != .tsv, format != .csv {
            throw ConfigurationError("'header' is for tsv and csv files; \(format.rawValue) has none", at: place)
        }
        for (key, formats) in Self.formats {
            guard let place = section[key]?.place, !formats.contains(format) else { continue }
            throw ConfigurationError("'\(key)' is for \(oneOf(formats.map(\.rawValue))) files", at: place)
        }
        let ownKind = Self.kinds[format] ?? kind
        if ownKind != kind {
            let name = ownKind.map(\.rawValue) ?? "classification"
            throw ConfigurationError(
                "\(format.rawValue) files are for tasks of kind \(name); write 'kind: \(name)'",
                at: section["kind"]?.place ?? section["format"]?.place ?? section.place)
        }
        for (key, kinds) in Self.keys {
            guard let place = section[key]?.place, !kinds.contains(kind) else { continue }
            let names = kinds.map { $0?.rawValue ?? "classification" }
            throw ConfigurationError("'\(key)' is for tasks of kind \(oneOf(names))", at: place)
        }
    }

    /// The kinds of tasks that forms of files are made for, where that is only one.
    private static let kinds: [TaskDefinition.FileFormat: TaskDefinition.Kind?] = [
        .trec: nil, .copa: .choices, .wic: .targetWords, .conll: .tags, .lines: .maskedLM,
    ]

    /// The forms of files that have a key, where not all do.
    private static let formats: KeyValuePairs<String, [TaskDefinition.FileFormat]> = [
        "extra": [.tsv, .csv], "columns": [.conll], "comment": [.conll], "empty": [.tsv, .csv, .jsonl],
    ]

    /// The kinds of tasks that have a key, where not all do.
    private static let keys: [(String, [TaskDefinition.Kind?])] = [
        ("choices", [.choices]), ("targets", [.targetWords]), ("compare", [.targetWords]), ("unknown", [.maskedLM]),
        ("pair", [nil, .targetWords]), ("label", [nil, .choices, .targetWords, .tags]),
        ("labels", [nil, .choices, .targetWords, .tags]),
    ]
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

import Experiments
import Files

/// A file of which nobody has said yet how it is read: its columns with all their values.
struct DataSample {
    let path: String
    let format: TaskDefinition.FileFormat
    let encoding: TaskDefinition.TextEncoding
    /// Whether the file's own names are the columns'.
    let hasNames: Bool
    let columns: [SampleColumn]
    let rowCount: Int
    /// Whether rows have fields beyond those of the first.
    let hasExtra: Bool
    /// Whether rows have fewer fields than the first.
    let isRagged: Bool

    /// - Parameter header: whether the first line of a table names its columns; nil to look.
    init(path: String, header: Bool?) throws(DatasetError) {
        self.path = path
        let file: DatasetFile
        (encoding, file) = try Self.read(path)
        format = try Self.format(of: file)
        if format == .jsonl {
            let table = try Self.objects(file)
            (hasNames, hasExtra, isRagged) = (true, false, false)
            rowCount = table.rowCount
            columns = table.columns
            guard !columns.isEmpty else {
                throw file.error("no field of its objects is a text or a number in every line")
            }
        } else {
            let records = try format == .csv ? file.commaRecords() : file.tabRecords()
            let fields = records.map { $0.fields.map { String($0) } }
            guard let first = fields.first, first.count > 1 else { throw Self.singleColumn(file) }
            hasNames = header ?? Self.looksNamed(fields)
            let rows = hasNames ? fields.dropFirst() : fields[...]
            rowCount = rows.count
            let long = rows.count { $0.count > first.count }
            hasExtra = long > 0
            isRagged = rows.contains { $0.count < first.count }
            guard long <= rowCount / 20 else {
                throw file.error(
                    "\(long) of \(counted(rowCount, "row")) have more than the \(first.count) columns of line 1; put texts "
                        + "that have a \(format == .csv ? "comma" : "tab") in them in quotation marks, or write JSON lines"
                )
            }
            columns = first.indices.map { [hasNames] place in
                SampleColumn(
                    hasNames ? .name(first[place]) : .number(place + 1),
                    rows.map { $0.indices.contains(place) ? $0[place] : "" })
            }
        }
        guard rowCount > 0 else { throw file.error("the dataset is empty: the file has no rows") }
    }

    /// A file that is not UTF-8 is most often in what Windows and old files write.
    private static func read(_ path: String) throws(DatasetError) -> (TaskDefinition.TextEncoding, DatasetFile) {
        do throws(DatasetError) {
            return (.utf8, try DatasetFile(path: path, encoding: .utf8))
        } catch {
            guard error.line != nil else { throw error }
            return (.latin1, try DatasetFile(path: path, encoding: .latin1))
        }
    }

    private static func singleColumn(_ file: DatasetFile) -> DatasetError {
        let first = file.lines.first.map { String($0) } ?? ""
        let way =
            first.contains(";")
            ? "its columns stand between semicolons; save it with commas or tabs between them"
            : "its first line is one column alone, and a text and a label are needed, with a comma or a tab between them"
        return file.error(line: 1, way)
    }

    private static func format(of file: DatasetFile) throws(DatasetError) -> TaskDefinition.FileFormat {
        let start = file.text.first { !$0.isSpace }
        guard start != nil else { throw file.error("the dataset is empty: the file has no rows") }
        if start == UInt8(ascii: "{") { return .jsonl }
        if start == UInt8(ascii: "[") {
            throw file.error("is one JSON array; write an object a line, as `jq -c '.[]'` does")
        }
        let first = file.lines.first ?? []
        let (tabs, commas) = (first.count { $0 == 0x09 }, first.count { $0 == UInt8(ascii: ",") })
        if ["tsv", "tab"].contains(ending(file.path)) { return .tsv }
        return tabs > 0 && (commas == 0 || ending(file.path) != "csv") ? .tsv : .csv
    }

    /// "csv" of `reviews.csv.gz`.
    private static func ending(_ path: String) -> String {
        let parts = Path.name(of: path).lowercased().split(separator: ".")
        return String((parts.last == "gz" ? parts.dropLast() : parts).last ?? "")
    }

    /// A line of names has none twice, no number, nothing long, and nothing that its column has again.
    private static func looksNamed(_ records: [[String]]) -> Bool {
        guard let names = records.first, Set(names).count == names.count else { return false }
        return names.indices.allSatisfy { place in
            let name = names[place]
            // What numbers the rows often has no name.
            guard !name.isEmpty || place == 0, name.count <= 40, Double(name) == nil else { return false }
            return !records.dropFirst().contains { $0.indices.contains(place) && $0[place] == name }
        }
    }

    /// The fields of all objects that are texts, numbers or truth values; others, such as lists, are no columns.
    private static func objects(
        _ file: DatasetFile
    ) throws(DatasetError) -> (rowCount: Int, columns: [SampleColumn]) {
        let lines = file.lines
        let objects = try readEach(lines.indices) { index throws(DatasetError) in
            guard let members = try file.parsed(lines[index], line: index + 1).members else {
                throw file.error(line: index + 1, "the line is no object")
            }
            return members
        }
        let names = objects.lazy.flatMap { $0.map(\.name) }.distinct()
        let columns = names.compactMap { name -> SampleColumn? in
            let values = objects.map { $0.last { $0.name == name }?.value ?? .null }
            let texts = values.compactMap { value -> String? in
                if case .null = value { "" } else { value.spelled }
            }
            return texts.count == values.count ? SampleColumn(.name(name), texts) : nil
        }
        return (lines.count, columns)
    }
}

/// A column and what its values look like.
struct SampleColumn {
    let column: Column
    let values: [String]
    /// How often each value comes, the most frequent first, and of equally frequent ones by their spelling.
    let counts: [(value: String, count: Int)]
    let emptyCount: Int
    /// Characters of a value on average, empty ones left out.
    let meanLength: Double
    /// The share of the values that are several words.
    let wordy: Double

    init(_ column: Column, _ values: [String]) {
        self.column = column
        self.values = values
        let present = values.filter { !$0.allSatisfy(\.isWhitespace) }
        emptyCount = values.count - present.count
        let size = Double(max(1, present.count))
        meanLength = Double(present.reduce(0) { $0 + $1.count }) / size
        wordy = Double(present.count { $0.contains(" ") }) / size
        counts = Dictionary(present.map { ($0, 1) }, uniquingKeysWith: +).map { ($0.key, $0.value) }
            .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    }

    /// Whether its values are sentences rather than names or numbers.
    var isText: Bool { wordy >= 0.5 && meanLength >= 12 && counts.count > values.count / 10 }

    /// Whether a few values come again and again.
    var isLabel: Bool { counts.count > 1 && counts.count <= min(100, max(2, values.count / 5)) && meanLength < 40 }

    var isNumeric: Bool { counts.allSatisfy { Tasks.isNumeric($0.value) } }

    var isWhole: Bool { counts.allSatisfy { Int($0.value) != nil } }
}

/// Whether a text is a number that is to be predicted: `Float` would also read "nan", "inf" and hexadecimal numbers.
func isNumeric(_ text: String) -> Bool {
    text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) } && (Float(text)?.isFinite ?? false)
}

extension UInt8 {
    fileprivate var isSpace: Bool { [0x20, 0x09, 0x0A, 0x0D].contains(self) }
}

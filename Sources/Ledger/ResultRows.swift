import Experiments
import Files
import GRDB

/// The lists of a result as JSON. There are millions of them, so they are written and read as the one form that they
/// have; what has another form is read by the decoder.
enum ResultText {
    static func text(_ scores: [Score]) -> String {
        let items = scores.map { score in
            #"{"metric":"\#(score.metric.rawValue)","split":"\#(score.split.rawValue)","value":"#
                + "\(score.value.map { "\($0)" } ?? "null")}"
        }
        return "[\(items.joined(separator: ","))]"
    }

    static func text(_ artifacts: [ArtifactReference]) -> String {
        let items = artifacts.map { artifact in
            #"{"byteCount":\#(artifact.byteCount),"id":"\#(artifact.id)","kind":"\#(artifact.kind.rawValue)"}"#
        }
        return "[\(items.joined(separator: ","))]"
    }

    /// nil where nothing was measured.
    static func text(_ measures: [Measure]) -> String? {
        measures.isEmpty ? nil : "[\(measures.map { "\"\($0.rawValue)\"" }.joined(separator: ","))]"
    }

    static func text(_ confusion: Confusion) -> String {
        "[\(confusion.entries.map { "[\($0.expected),\($0.predicted),\($0.count)]" }.joined(separator: ","))]"
    }

    static func scores(_ text: String) throws -> [Score] {
        try PlainText.list(text) { (text) -> Score? in
            guard text.skip(#"{"metric":""#), let metric = Metric(rawValue: text.word()),
                text.skip(#"","split":""#), let split = Split(rawValue: text.word()),
                text.skip(#"","value":"#)
            else { return nil }
            let isUndefined = text.skip("null")
            let value = isUndefined ? nil : text.real()
            guard isUndefined || value != nil, text.skip("}") else { return nil }
            return Score(split: split, metric: metric, value: value)
        } ?? decode([Score].self, from: text)
    }

    static func artifacts(_ text: String) throws -> [ArtifactReference] {
        try PlainText.list(text) { (text) -> ArtifactReference? in
            guard text.skip(#"{"byteCount":"#), let count = text.integer(), text.skip(#","id":""#),
                let digest = Digest(hex: text.word()), text.skip(#"","kind":""#),
                let kind = ArtifactKind(rawValue: text.word()), text.skip("\"}")
            else { return nil }
            return ArtifactReference(id: ArtifactID(rawValue: digest), kind: kind, byteCount: count)
        } ?? decode([ArtifactReference].self, from: text)
    }

    static func confusion(_ text: String) throws -> Confusion {
        let entries = PlainText.list(text) { (text) -> Confusion.Entry? in
            guard text.skip("["), let expected = text.integer(), text.skip(","), let predicted = text.integer(),
                text.skip(","), let count = text.integer(), text.skip("]")
            else { return nil }
            return Confusion.Entry(expected: expected, predicted: predicted, count: count)
        }
        return try entries.map(Confusion.init(entries:)) ?? decode(Confusion.self, from: text)
    }
}

/// Text of which it is known what must come next. It lives no longer than the text.
struct PlainText {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0

    /// The members of a list; nil where one of them is not what it was taken for.
    static func list<Element>(_ text: String, _ member: (inout PlainText) -> Element?) -> [Element]? {
        var text = text
        return text.withUTF8 { bytes in
            var text = PlainText(bytes: bytes)
            guard text.skip("[") else { return nil }
            var elements: [Element] = []
            while !text.skip("]") {
                guard elements.isEmpty || text.skip(","), let element = member(&text) else { return nil }
                elements.append(element)
            }
            return text.place == bytes.count ? elements : nil
        }
    }

    /// - Returns: whether this came next.
    mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - place >= count else { return false }
        for index in 0..<count where bytes[place + index] != text.utf8Start[index] { return false }
        place += count
        return true
    }

    /// What comes before the next quotation mark, or what is escaped.
    mutating func word() -> String { taken { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") } }

    mutating func integer() -> Int? {
        Int(taken { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-") })
    }

    mutating func real() -> Double? { Double(taken { $0 != UInt8(ascii: "}") }) }

    private mutating func taken(_ isPart: (UInt8) -> Bool) -> String {
        let begin = place
        while place < bytes.count, isPart(bytes[place]) { place += 1 }
        return String(decoding: UnsafeBufferPointer(rebasing: bytes[begin..<place]), as: UTF8.self)
    }
}

/// Reads what stages have come to. Hosts are few, and are read once.
final class ResultReader {
    /// In the order in which `read` takes them.
    static let columns = """
        results.node, results.steps, results.tokens, results.trainable, results.finalLoss, results.seconds,
        results.tokensPerSecond, results.parameters, results.scores, results.artifacts, results.measured,
        results.confusion
        """
    private let database: Database
    private var nodes: [Int64: NodeSettings] = [:]

    init(_ database: Database) { self.database = database }

    func result(_ number: Int64?) throws -> StageResult? {
        try database.first("SELECT \(Self.columns) FROM results WHERE id = ?", number) { try read($0, from: 0) }
    }

    /// - Parameter column: the first of `columns`.
    func read(_ row: Row, from column: Int) throws -> StageResult {
        StageResult(
            scores: try ResultText.scores(row.at(column + 8)),
            confusion: try (row[column + 11] as String?).map(ResultText.confusion), steps: try row.at(column + 1),
            finalLoss: try row.at(column + 4), tokens: try row.at(column + 2), seconds: try row.at(column + 5),
            tokensPerSecond: try row.at(column + 6), trainable: try row.at(column + 3),
            parameters: try digest(row.at(column + 7)), artifacts: try ResultText.artifacts(row.at(column + 9)),
            measured: try (row[column + 10] as String?).map { try decode([Measure].self, from: $0) } ?? [],
            node: try node(row.at(column)))
    }

    func node(_ number: Int64) throws -> NodeSettings {
        if let known = nodes[number] { return known }
        let sql = "SELECT ranks, threads, host, blasCore, nullif(program, '') FROM nodes WHERE id = ?"
        let known = try database.first(sql, number) { row in
            NodeSettings(
                ranks: try row.at(0), threads: try row.at(1), host: try row.at(2), blasCore: try row.at(3),
                program: row[4])
        }
        guard let node = known else { throw damage("there is no node \(number)") }
        nodes[number] = node
        return node
    }
}

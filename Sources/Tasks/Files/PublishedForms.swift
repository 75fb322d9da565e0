import Experiments

extension DatasetFile {
    /// Rows of TREC's form, `LABEL:fine question`; the columns are `label`, `fine` and `text`.
    func questionRows(_ definition: TaskDefinition) throws(DatasetError) -> [Row] {
        let lines = lines
        return try readEach(lines.indices) { index throws(DatasetError) in
            let line = lines[index]
            guard let space = line.firstIndex(of: UInt8(ascii: " ")),
                let colon = line[..<space].firstIndex(of: UInt8(ascii: ":"))
            else { throw error(line: index + 1, "the line has not the form 'LABEL:fine question'") }
            let fields = [
                "label": String(line[..<colon]), "fine": String(line[(colon + 1)..<space]),
                "text": String(line[(space + 1)...]),
            ]
            var row = Row(line: index + 1, fields: [:])
            for column in definition.columns {
                guard let field = fields[column.description] else {
                    throw error("there is no column '\(column)' in a trec file; its columns are label, fine and text")
                }
                row.fields[column] = [field]
            }
            return row
        }
    }
}

extension DatasetFile {
    /// A row for each sentence of a file with one word a line, its columns between spaces or tabs, and an empty line
    /// after each sentence. Lines that mark the beginning of a document are no words, nor are comments; nor, where a
    /// column is called `id`, are lines whose id is no whole number: CoNLL-U has them for what words are written together
    /// as, and for words left unsaid.
    func sentenceRows(_ definition: TaskDefinition) throws(DatasetError) -> [Row] {
        let names = definition.columnNames
        let id = names?.firstIndex(of: "id")
        var rows: [Row] = []
        var sentence: Row?
        for (index, line) in lines.enumerated() {
            if let comment = definition.comment, line.starts(with: comment.utf8) { continue }
            let fields = line.split { $0 == 0x20 || $0 == 0x09 }
            guard let first = fields.first, !first.elementsEqual("-DOCSTART-".utf8) else {
                if let sentence { rows.append(sentence) }
                sentence = nil
                continue
            }
            if let id, id < fields.count, Int(String(fields[id])) == nil { continue }
            var row = sentence ?? Row(line: index + 1, fields: [:])
            for column in definition.columns {
                guard let place = column.place(among: names), place < fields.count else {
                    throw error(line: index + 1, "there is no column \(column), the line has \(fields.count)")
                }
                row.fields[column, default: []].append(String(fields[place]))
            }
            sentence = row
        }
        return sentence.map { rows + [$0] } ?? rows
    }
}

extension Column {
    /// From 0; nil for a name that is none of these.
    fileprivate func place(among names: [String]?) -> Int? {
        switch self {
        case .number(let number): number - 1
        case .name(let name): names?.firstIndex(of: name)
        }
    }
}

extension DatasetFile {
    private static let ending = (data: ".data.txt", gold: ".gold.txt")

    /// The file with the labels, one a line, beside a file of WiC's form (Pilehvar and Camacho-Collados 2019).
    static func goldPath(of path: String) throws(DatasetError) -> String {
        guard path.hasSuffix(ending.data) else {
            throw DatasetError(path, "a wic file is called NAME\(ending.data), with its labels in NAME\(ending.gold)")
        }
        return path.dropLast(ending.data.count) + ending.gold
    }

    /// Rows of `word, part of speech, i-j, first text, second text` between tabs, where i and j number the word within
    /// the texts. Their columns are `word`, `index1`, `index2`, `text`, `pair` and `label`.
    func wicRows() throws(DatasetError) -> [Row] {
        let gold = try DatasetFile(path: try Self.goldPath(of: path), encoding: .utf8)
        let (lines, labels) = (lines, gold.lines)
        guard lines.count == labels.count else {
            throw gold.error("the file has \(labels.count) labels, but \(path) has \(lines.count) rows")
        }
        return try readEach(lines.indices) { index throws(DatasetError) in
            let fields = lines[index].split(separator: 0x09, omittingEmptySubsequences: false).map { String($0) }
            let places = fields.count == 5 ? fields[2].split(separator: "-") : []
            guard places.count == 2 else {
                throw error(
                    line: index + 1, "the line has not the form 'word, N or V, i-j, text, text' with tabs between")
            }
            let named = [
                "word": fields[0], "index1": String(places[0]), "index2": String(places[1]), "text": fields[3],
                "pair": fields[4], "label": String(labels[index]),
            ]
            return Row(line: index + 1, fields: Dictionary(uniqueKeysWithValues: named.map { (.name($0), [$1]) }))
        }
    }
}

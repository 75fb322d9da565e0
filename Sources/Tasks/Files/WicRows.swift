import Experiments

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
        return try lines.indices.map { index throws(DatasetError) in
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

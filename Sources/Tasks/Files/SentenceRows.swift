import Experiments

extension DatasetFile {
    /// A row for each sentence of a file with one word a line, its columns between spaces or tabs, and an empty line
    /// after each sentence. Lines that mark the beginning of a document are no words.
    func sentenceRows(_ definition: TaskDefinition) throws(DatasetError) -> [Row] {
        var rows: [Row] = []
        var sentence: Row?
        for (index, line) in lines.enumerated() {
            let fields = line.split { $0 == 0x20 || $0 == 0x09 }
            guard let first = fields.first, !first.elementsEqual("-DOCSTART-".utf8) else {
                if let sentence { rows.append(sentence) }
                sentence = nil
                continue
            }
            var row = sentence ?? Row(line: index + 1, fields: [:])
            for column in definition.columns {
                guard case .number(let number) = column, number <= fields.count else {
                    throw error(line: index + 1, "there is no column \(column), the line has \(fields.count)")
                }
                row.fields[column, default: []].append(String(fields[number - 1]))
            }
            sentence = row
        }
        return sentence.map { rows + [$0] } ?? rows
    }
}

import Experiments

extension DatasetFile {
    /// Rows of TREC's form, `LABEL:fine question`; the columns are `label`, `fine` and `text`.
    func questionRows(_ definition: TaskDefinition) throws(DatasetError) -> [Row] {
        try lines.enumerated().map { index, line throws(DatasetError) in
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

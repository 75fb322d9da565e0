import Experiments

/// What a task wants to know of a row, before it is checked.
struct Row: Equatable {
    /// Of the file, from 1.
    let line: Int
    let text: String
    let pair: String?
    let label: String
}

extension DatasetFile {
    /// Every row of the file, in its order.
    func rows(_ definition: TaskDefinition) throws(DatasetError) -> [Row] {
        switch definition.format {
        case .tsv: try tableRows(try tabRecords(), definition)
        case .csv: try tableRows(try commaRecords(), definition)
        case .jsonl: try objectRows(definition)
        case .trec: try questionRows(definition)
        }
    }
}

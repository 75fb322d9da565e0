package import Experiments

extension TaskDefinition {
    /// Lines of a file as examples of the task whose labels nobody knows: a text, or a pair with a tab between; words with
    /// spaces between where each has a tag; where one of several texts is right the fields of a row with tabs between.
    /// - Parameters:
    ///   - lines: from line 1 on; an empty one is an empty text.
    ///   - path: where they were read.
    package func contents(ofLines lines: [String], in path: String) throws(DatasetError) -> [Example.Content] {
        try requirePredictable()
        guard kind != .targetWords else {
            throw DatasetError(
                name, "a line of text does not say where its target words are; give a file with the task's columns")
        }
        return try lines.enumerated().map { index, line throws(DatasetError) in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
            guard fieldCount == 1 || fields.count == fieldCount else {
                throw DatasetError(path, line: index + 1, "\(form), but the line has \(fields.count) fields")
            }
            return try content(fieldCount == 1 ? [line] : fields, path, line: index + 1)
        }
    }

    /// - Throws: where tokens are to be guessed, which are hidden by chance.
    func requirePredictable() throws(DatasetError) {
        guard kind == .maskedLM else { return }
        throw DatasetError(
            name, "a task of kind masked-lm has nothing to predict for texts; `headstart evaluate` scores it")
    }

    private var fieldCount: Int {
        switch kind {
        case nil: pair == nil ? 1 : 2
        case .choices: 1 + (format == .copa ? 1 : 0) + (choices?.count ?? 0)
        case .tags, .targetWords, .maskedLM: 1
        }
    }

    private var form: String {
        kind == nil
            ? "a pair is two texts with a tab between"
            : "a line is a text\(format == .copa ? ", 'cause' or 'effect'," : "") and its choices with tabs between"
    }

    private func content(_ fields: [String], _ path: String, line: Int) throws(DatasetError) -> Example.Content {
        switch kind {
        case .tags:
            let words = fields[0].split(separator: " ").map { String($0) }
            guard !words.isEmpty else { throw DatasetError(path, line: line, "the line has no words to tag") }
            return .words(words)
        case .choices where format == .copa:
            guard ["cause", "effect"].contains(fields[1]) else {
                throw DatasetError(path, line: line, "the second field must be cause or effect, not '\(fields[1])'")
            }
            return .choices(copaTexts(premise: fields[0], question: fields[1], choices: Array(fields[2...])))
        case .choices: return .choices(fields.dropFirst().map { TextPair(fields[0], $0) })
        default: return .text(TextPair(fields[0], fields.count > 1 ? fields[1] : nil))
        }
    }
}

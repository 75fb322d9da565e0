package import Experiments
import Files
import Foundation

/// The numbers that the papers print, from `configs/published/results.tsv`; the README beside it says what its columns are.
package struct PublishedResults: Sendable {
    package let tables: [PublishedTable]

    package subscript(name: String) -> PublishedTable? { tables.first { $0.name == name } }

    /// - Throws: the names there are where there is no such table.
    package func table(named name: String) throws(ConfigurationError) -> PublishedTable {
        guard let table = self[name] else {
            let names = tables.map(\.name)
            let guess = guess(at: name, among: names)
            throw ConfigurationError(
                "no published table '\(name)'\(guess.isEmpty ? ";" : guess) known: \(names.joined(separator: ", "))")
        }
        return table
    }
}

extension PublishedResults {
    /// Reads the first `published/results.tsv` of the folders in which catalogs are looked for.
    package static func read(
        program: String? = Bundle.main.executablePath,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) -> PublishedResults {
        let directories = Catalogs.generalDirectories(program: program, environment: environment)
        let files = directories.map { "\($0)/published/results.tsv" }
        guard let file = files.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw ConfigurationError("the published numbers are not here; looked for \(oneOf(files))")
        }
        return try PublishedResults(file: file)
    }

    package init(file: String) throws(ConfigurationError) {
        var lines = try Self.lines(of: file)
        guard !lines.isEmpty, lines.removeFirst().fields == Self.columns else {
            throw ConfigurationError(
                "the first line must name the columns \(Self.columns.joined(separator: ", "))",
                at: .line(file: file, 1))
        }
        var tables: [(name: String, scores: [PublishedScore])] = []
        for line in lines {
            let score = try line.score()
            let name = line.fields[0]
            if let place = tables.firstIndex(where: { $0.name == name }) {
                tables[place].scores.append(score)
            } else {
                tables.append((name, [score]))
            }
        }
        self.tables = tables.map { PublishedTable(name: $0.name, scores: $0.scores) }
    }

    fileprivate static let columns = [
        "table", "model", "method", "setting", "task", "metric", "mean", "std", "runs", "note", "our-methods",
        "our-tasks", "our-metric", "our-less",
    ]

    private static func lines(of file: String) throws(ConfigurationError) -> [TabbedLine] {
        let text: String
        do {
            text = String(decoding: try MappedFile(path: file).copy(), as: UTF8.self)
        } catch {
            throw ConfigurationError("\(error)")
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        return lines.filter { !$0.element.isEmpty }.map { index, line in
            TabbedLine(
                place: .line(file: file, index + 1),
                fields: line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init))
        }
    }
}

private struct TabbedLine {
    let place: Place
    let fields: [String]

    func score() throws(ConfigurationError) -> PublishedScore {
        guard fields.count == PublishedResults.columns.count else {
            throw ConfigurationError(
                "the line has \(fields.count) columns instead of \(PublishedResults.columns.count)", at: place)
        }
        guard let mean = Double(fields[6]), let runs = Int(fields[8]), fields[7].isEmpty || Double(fields[7]) != nil
        else {
            throw ConfigurationError("'mean', 'std' and 'runs' must be numbers; 'std' may be empty", at: place)
        }
        return PublishedScore(
            model: fields[1], method: fields[2], setting: fields[3], task: fields[4], metric: fields[5], mean: mean,
            deviation: Double(fields[7]), runs: runs, counterpart: try counterpart())
    }

    private func counterpart() throws(ConfigurationError) -> PublishedScore.Counterpart? {
        let words = { (column: Int) in fields[column].split(separator: " ").map(String.init) }
        let (methods, less) = (words(10), words(13).map { PublishedScore.Baseline($0) })
        guard !methods.isEmpty else { return nil }
        guard less.count <= 1 || less.count == methods.count else {
            throw ConfigurationError(
                "'our-less' must have one word, or one for each of the \(methods.count) methods", at: place)
        }
        let baselines = less.count == 1 ? methods.map { _ in less[0] } : less
        return .init(
            methods: methods, tasks: words(11), metric: fields[12], baselines: baselines.isEmpty ? nil : baselines)
    }
}

extension PublishedScore.Baseline {
    /// `METHOD`, `METHOD@TASK`, or `0` for nothing.
    fileprivate init(_ word: String) {
        let parts = word.split(separator: "@", maxSplits: 1).map(String.init)
        self = word == "0" ? .nothing : .score(method: parts[0], task: parts.count > 1 ? parts[1] : nil)
    }
}

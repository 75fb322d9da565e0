import Experiments
import Numerics

extension TaskDefinition {
    /// Sets rows of the training file apart to score on: of every label the share that the task asks for, drawn by the
    /// task's seed. Rows with one text stay together, as a text that was trained on says nothing about others. Both parts
    /// are in the file's order.
    func drawDev(from examples: [Example], of path: String) throws(DatasetError) -> (train: [Example], dev: [Example]) {
        let texts = rowsByText(of: examples)
        // Where there are no classes all rows are of one kind.
        let labels = Set(texts.map { kindOfRow(examples[$0[0]]) }).sorted()
        var isDev = [Bool](repeating: false, count: examples.count)
        for label in labels {
            let texts = texts.filter { kindOfRow(examples[$0[0]]) == label }
            let rowCount = texts.reduce(0) { $0 + $1.count }
            let wanted = max(1, Int(((devShare ?? 0) * Double(rowCount)).rounded()))
            let random = CounterRandom(seed: devSeed ?? 0, purpose: RandomPurpose.devRows, step: label)
            var drawn = 0
            // The last text is left to train on.
            for place in random.permutation(texts.count).dropLast() where drawn < wanted {
                for row in texts[place] { isDev[row] = true }
                drawn += texts[place].count
            }
        }
        guard isDev.contains(true) else {
            throw DatasetError(path, "there are too few rows to set some apart for 'dev'; name a file there")
        }
        let parts = [false, true].map { part in
            examples.indices.filter { isDev[$0] == part }.map { examples[$0] }
        }
        return (parts[0], parts[1])
    }

    private func kindOfRow(_ example: Example) -> Int {
        guard kind != .tags, case .category(let category)? = example.labels.first else { return 0 }
        return category
    }

    /// The rows of each text, in the order in which the texts come first.
    private func rowsByText(of examples: [Example]) -> [[Int]] {
        var places: [[UInt8]: Int] = [:]
        var rows: [[Int]] = []
        for (row, example) in examples.enumerated() {
            let text = example.content.comparable
            if let place = places[text] {
                rows[place].append(row)
            } else {
                places[text] = rows.count
                rows.append([row])
            }
        }
        return rows
    }
}

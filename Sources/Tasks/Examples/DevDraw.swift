import Experiments
import Numerics

extension TaskDefinition {
    /// Sets rows of the training file apart to score on: of every label the share that the task asks for, or the rows of
    /// one of its folds, drawn by the task's seed. Rows with one text stay together, as a text that was trained on says
    /// nothing about others. Both parts are in the file's order.
    func drawDev(from examples: [Example], of path: String) throws(DatasetError) -> (train: [Example], dev: [Example]) {
        let isDev: [Bool]
        if let fold {
            isDev = try deal(examples, into: fold.count, of: path).map { $0 == fold.number }
        } else {
            isDev = try drawShare(from: examples, of: path)
        }
        let parts = [false, true].map { part in
            examples.indices.filter { isDev[$0] == part }.map { examples[$0] }
        }
        return (parts[0], parts[1])
    }

    private func drawShare(from examples: [Example], of path: String) throws(DatasetError) -> [Bool] {
        var isDev = [Bool](repeating: false, count: examples.count)
        for texts in drawnTexts(of: examples) {
            let rowCount = texts.reduce(0) { $0 + $1.count }
            let wanted = max(1, Int(((devShare ?? 0) * Double(rowCount)).rounded()))
            var drawn = 0
            // The last text is left to train on.
            for rows in texts.dropLast() where drawn < wanted {
                for row in rows { isDev[row] = true }
                drawn += rows.count
            }
        }
        guard isDev.contains(true) else {
            throw DatasetError(path, "there are too few rows to set some apart for 'dev'; name a file there")
        }
        return isDev
    }

    /// The number of each row's fold. A text goes where its label has the fewest rows so far, of such folds to the one with
    /// the fewest rows.
    private func deal(_ examples: [Example], into folds: Int, of path: String) throws(DatasetError) -> [Int] {
        let labels = drawnTexts(of: examples)
        let textCount = labels.reduce(0) { $0 + $1.count }
        guard textCount >= folds else {
            throw DatasetError(
                path, "\(textCount) different texts cannot be dealt into \(folds) folds; each needs one at least")
        }
        var places = [Int](repeating: 0, count: examples.count)
        var sizes = [Int](repeating: 0, count: folds)
        for texts in labels {
            var ofLabel = [Int](repeating: 0, count: folds)
            for rows in texts {
                let fold = sizes.indices.min { (ofLabel[$0], sizes[$0], $0) < (ofLabel[$1], sizes[$1], $1) } ?? 0
                for row in rows { places[row] = fold + 1 }
                ofLabel[fold] += rows.count
                sizes[fold] += rows.count
            }
        }
        return places
    }

    /// The rows of each text, for each label in the order in which they are drawn. Where there are no classes all are of
    /// one kind; a text with several labels has that of its first row.
    private func drawnTexts(of examples: [Example]) -> [[[Int]]] {
        let texts = Dictionary(grouping: rowsByText(of: examples)) { kindOfRow(examples[$0[0]]) }
        return texts.sorted { $0.key < $1.key }.map { label, texts in
            let random = CounterRandom(seed: devSeed ?? 0, purpose: RandomPurpose.devRows, step: label)
            return random.permutation(texts.count).map { texts[$0] }
        }
    }

    private func kindOfRow(_ example: Example) -> Int {
        guard kind != .tags, case .category(let category)? = example.labels.first else { return 0 }
        return category
    }

    /// The rows of each text, in the order in which the texts come first.
    private func rowsByText(of examples: [Example]) -> [[Int]] {
        Dictionary(grouping: examples.indices) { examples[$0].content.comparable }.values.sorted { $0[0] < $1[0] }
    }
}

/// How often which class was said where which one was expected: a confusion matrix without its zeros.
package struct Confusion: Hashable, Sendable {
    /// Those that occur, by expected, then by predicted class.
    package let entries: [Entry]

    package struct Entry: Hashable, Sendable {
        /// Places in the task's `labels`.
        package let expected: Int
        package let predicted: Int
        package let count: Int

        package init(expected: Int, predicted: Int, count: Int) {
            self.expected = expected
            self.predicted = predicted
            self.count = count
        }
    }

    /// - Parameter entries: each pair of classes at most once.
    package init(entries: [Entry]) {
        self.entries = entries.sorted { ($0.expected, $0.predicted) < ($1.expected, $1.predicted) }
    }

    /// - Parameters:
    ///   - predicted: a class for each label.
    ///   - expected: as many classes.
    package init(predicted: [Int], expected: [Int]) {
        var counts: [[Int]: Int] = [:]
        for (predicted, expected) in zip(predicted, expected) { counts[[expected, predicted], default: 0] += 1 }
        self.init(counts)
    }

    /// The counts of several runs added up.
    package init(sum runs: [Confusion]) {
        let pairs = runs.flatMap(\.entries).map { ([$0.expected, $0.predicted], $0.count) }
        self.init(Dictionary(pairs, uniquingKeysWith: +))
    }

    /// - Parameter counts: by expected and predicted class.
    private init(_ counts: [[Int]: Int]) {
        self.init(
            entries: counts.map { Entry(expected: $0.key[0], predicted: $0.key[1], count: $0.value) })
    }

    /// The class that is said of everything though others are expected; nil where several are said.
    package var onlyClass: Int? {
        guard let said = entries.first?.predicted, entries.allSatisfy({ $0.predicted == said }), entries.count > 1
        else { return nil }
        return said
    }
}

/// As `[[expected, predicted, count], ...]`.
extension Confusion: Codable {
    package init(from decoder: any Decoder) throws {
        var counts: [[Int]: Int] = [:]
        for entry in try [[Int]](from: decoder) {
            guard entry.count == 3 else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "an entry is [expected, predicted, count]"))
            }
            counts[[entry[0], entry[1]]] = entry[2]
        }
        self.init(counts)
    }

    package func encode(to encoder: any Encoder) throws {
        try entries.map { [$0.expected, $0.predicted, $0.count] }.encode(to: encoder)
    }
}

extension StageResult {
    /// The one label that the result says of every example of the dev set though others are expected, as a task names it;
    /// nil where it tells examples apart.
    package func onlyLabel(of task: TaskDefinition) -> String? {
        guard let place = confusion?.onlyClass, let labels = task.labels, labels.indices.contains(place) else {
            return nil
        }
        return labels[place]
    }

    /// That it says one label alone, for people; nil where it does not.
    package func collapse(on task: TaskDefinition) -> String? {
        onlyLabel(of: task).map { "says '\($0)' of every example" }
    }
}

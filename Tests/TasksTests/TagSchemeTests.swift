import Experiments
import Tasks
import Testing

struct TagSchemeTests {
    private let labels = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]

    private func canonical(_ tags: String) throws -> String {
        let scheme = try #require(TagScheme(labels))
        let numbers = tags.split(separator: " ").map { tag in labels.firstIndex(of: String(tag)) ?? 0 }
        return scheme.canonical(numbers).map { labels[$0] }.joined(separator: " ")
    }

    @Test(arguments: [
        ("I-PER I-PER O I-LOC", "B-PER I-PER O B-LOC"),
        ("I-PER B-PER I-PER", "B-PER B-PER I-PER"),
        ("I-PER I-LOC I-LOC", "B-PER B-LOC I-LOC"),
        ("B-PER I-PER O B-LOC", "B-PER I-PER O B-LOC"),
        ("B-PER I-LOC", "B-PER B-LOC"),
        ("O O", "O O"),
    ])
    func `both ways to mark beginnings are read as one`(tags: String, expected: String) throws {
        #expect(try canonical(tags) == expected)
    }

    @Test func `an entity does not go over the end of a sentence`() throws {
        let scheme = try #require(TagScheme(labels))
        #expect(scheme.f1(predicted: [1, 2], expected: [[1], [1]]) == 1)
        #expect(scheme.f1(predicted: [1, 2], expected: [[1, 2]]) == 1)
        #expect(scheme.f1(predicted: [1, 2], expected: [[1, 0]]) == 0)
    }

    @Test func `labels that mark nothing are no scheme`() {
        #expect(TagScheme(["NN", "VB"]) == nil)
    }

    @Test func `a task's sentences are scored one by one`() {
        let task = TaskDefinition(
            name: "t", train: "", dev: "", kind: .tags, format: .conll, text: .number(1), label: .number(2),
            labels: labels, metrics: [.spanF1, .accuracy])
        let expected: [[Label]] = [[.category(1)], [.category(1), .category(0)]]
        let predicted = Predictions.categories([1, 2, 1])
        #expect(task.score(.spanF1, predicted: predicted, expected: expected) == 0.8)
        #expect(task.score(.accuracy, predicted: predicted, expected: expected) == 1.0 / 3)
    }
}

import Experiments

/// A small task of a kind of its own in the words of the tiny model: learnable to the last example.
struct TinyKind: Sendable, CustomStringConvertible {
    let definition: TaskDefinition
    let files: [String: String]
    /// A line to predict for, where lines can be, with what is to be said of it.
    let line: (text: String, answer: String)?
    var description: String { definition.kind?.rawValue ?? "" }

    static let all = [choices, targetWords, tags, maskedLM]

    private static let animals = ["cat", "dog", "bird"]
    private static let verbs = ["runs", "sleeps", "sings"]

    /// The right choice calls the animal good.
    static let choices = TinyKind(
        definition: TaskDefinition(
            name: "choices", train: "choices", dev: "choices", kind: .choices, format: .tsv, text: .name("text"),
            choices: [.name("a"), .name("b")], label: .name("label"), labels: ["a", "b"], metrics: [.accuracy]),
        files: [
            "choices": "text\ta\tb\tlabel\n"
                + (0..<36).map { number in
                    let isFirst = (number * 7 / 3).isMultiple(of: 2)
                    let adjectives = isFirst ? ["good", "bad"] : ["bad", "good"]
                    let choices = adjectives.map { "the \(animals[number % 3]) \(verbs[number / 3 % 3]) \($0)" }
                    return "the \(animals[number % 3])\t\(choices[0])\t\(choices[1])\t\(isFirst ? "a" : "b")\n"
                }.joined()
        ],
        line: ("the cat\tthe cat sleeps bad\tthe cat sleeps good", "b"))

    /// Whether both words mean the same animal.
    static let targetWords = TinyKind(
        definition: TaskDefinition(
            name: "words", train: "words", dev: "words", kind: .targetWords, format: .jsonl, text: .name("text"),
            pair: .name("pair"), targets: [.name("i"), .name("j")], compares: true, label: .name("label"),
            labels: ["no", "yes"], metrics: [.accuracy]),
        files: [
            "words": (0..<36).map { number in
                let (left, right) = (number % 3, number.isMultiple(of: 2) ? number % 3 : (number + 1 + number / 18) % 3)
                return #"{"text": "the \#(animals[left]) \#(verbs[number / 3 % 3])", "i": 1, "#
                    + #""pair": "a red \#(animals[right]) \#(verbs[number / 4 % 3])", "j": 2, "#
                    + #""label": "\#(left == right ? "yes" : "no")"}"# + "\n"
            }.joined()
        ], line: nil)

    /// Animals are entities, and so are colours; a colour before an animal is an entity of its own.
    static let tags = TinyKind(
        definition: TaskDefinition(
            name: "tags", train: "tags", dev: "tags", kind: .tags, format: .conll, text: .number(1), label: .number(2),
            labels: ["O", "B-ANIMAL", "I-ANIMAL", "B-COLOUR", "I-COLOUR"], metrics: [.spanF1, .accuracy]),
        files: [
            "tags": (0..<30).map { number in
                let words = [
                    ["the", "a"][number % 2], ["red", "blue", "good"][number / 2 % 3], animals[number % 3],
                    verbs[number / 3 % 3], ".",
                ]
                return words.dropFirst(number % 4 == 3 ? 1 : 0).map { word in
                    let type = animals.contains(word) ? "I-ANIMAL" : ["red", "blue"].contains(word) ? "I-COLOUR" : "O"
                    return "\(word) \(type)\n"
                }.joined() + "\n"
            }.joined()
        ],
        line: ("the blue bird sings", "O B-COLOUR B-ANIMAL O"))

    /// One sentence again and again.
    static let maskedLM = TinyKind(
        definition: TaskDefinition(
            name: "text", train: "text", dev: "text", kind: .maskedLM, format: .lines, text: .name("text"), label: nil,
            labels: nil, metrics: [.precisionAt1]),
        files: ["text": String(repeating: "the good cat sings and a bad dog sleeps .\n", count: 60)], line: nil)
}

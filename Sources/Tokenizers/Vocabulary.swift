/// The tokens of a model and their ids.
package struct Vocabulary: Sendable {
    private let spellings: [Int32: String]
    private let numbers: [String: Int32]
    /// The largest id plus one.
    package let count: Int

    package init(_ numbers: [String: Int32]) {
        self.numbers = numbers
        spellings = Dictionary(numbers.map { ($1, $0) }) { first, _ in first }
        count = Int(numbers.values.max() ?? -1) + 1
    }

    package func id(of token: String) -> Int32? { numbers[token] }
    package func token(of id: Int32) -> String? { spellings[id] }
}

import CKernels
import Testing

struct EmbeddingTests {
    private let width = 5
    private let tokens: [Int32] = [3, 1, 3, 0]
    private let places: [UInt32] = [0, 1, 0, 1]
    private let types: [Int32] = [0, 1, 1, 0]

    @Test func `a token's vector is the sum of its word, position and type`() {
        let (words, positions, kinds) = (
            randomNumbers(4 * width, stream: 1), randomNumbers(4 * width, stream: 2),
            randomNumbers(2 * width, stream: 3)
        )
        var x = [Float](repeating: 0, count: tokens.count * width)
        embedding_forward(0, tokens.count, width, tokens, places, 2, types, words, positions, kinds, &x)
        let expected = tokens.indices.flatMap { token in
            (0..<width).map { column in
                Double(words[Int(tokens[token]) * width + column])
                    + Double(positions[(Int(places[token]) + 2) * width + column])
                    + Double(kinds[Int(types[token]) * width + column])
            }
        }
        #expect(largestDifference(x, expected) < 1e-6)
    }

    @Test func `gradients of a row that occurs twice are added up`() {
        let gradient = randomNumbers(tokens.count * width, stream: 4)
        var table = [Float](repeating: 1, count: 4 * width)
        embedding_add_gradient(tokens.count, 0, 2, width, tokens, 0, gradient, &table)
        embedding_add_gradient(tokens.count, 2, width, width, tokens, 0, gradient, &table)
        for column in 0..<width {
            #expect(table[3 * width + column] == 1 + gradient[column] + gradient[2 * width + column])
            #expect(table[2 * width + column] == 1)
        }
    }

    @Test func `rows are gathered and added back to where they came from`() {
        let x = randomNumbers(4 * width, stream: 5)
        let rows = [2, 0]
        var gathered = [Float](repeating: 0, count: 2 * width)
        gather_rows(2, width, rows, x, &gathered)
        #expect(gathered == Array(x[(2 * width)..<(3 * width)] + x[..<width]))
        var sum = x
        add_to_rows(2, width, rows, gathered, &sum)
        #expect(sum == x.enumerated().map { [0, 2].contains($0 / width) ? 2 * $1 : $1 })
    }
}

import Encoders
import Experiments
import Foundation
import Numerics
import TestKit
import Testing

/// Layers below the lowest that moves, whose work is done once for each example.
struct FrozenStatesTests {
    private let lengths = [3, 8, 12]

    /// The gradients and the products' work of two visits to the examples, in other company the second time.
    private func visit(
        _ states: FrozenStates?, recomputes: Bool = false, layers: Set<Int> = [2]
    ) throws -> (gradients: [Float], work: [Double]) {
        let test = try TestModel(.roberta, head: .linear, threads: 2, recomputes: recomputes) { parameter in
            if case .layer(let number) = parameter.place { layers.contains(number) } else { parameter.place == .head }
        }
        let configuration = SmallModel.roberta.configuration
        var work: [Double] = []
        for examples in [[0], [1, 2], [0, 1, 2]] {
            let clock = PhaseClock()
            test.model.compute.clock = clock
            let batch = makeBatch(examples.map { lengths[$0] }, configuration, firstExample: examples[0])
            test.learn(batch, dropout: nil, states?.visit(examples))
            work.append(clock.read()[.forwardProducts]!.gigaflop)
        }
        return (Array(test.model.store.arena.gradients), work)
    }

    private func makeStates(mostBytes: Int = 1 << 20, in directory: String = "/nowhere") -> FrozenStates? {
        FrozenStates(
            tokens: lengths, width: SmallModel.roberta.configuration.hidden, mostBytes: mostBytes, directory: directory)
    }

    @Test(arguments: [[2], [1, 2]], [false, true])
    func `the gradients are those of layers that compute every time, to the bit`(
        layers: Set<Int>, recomputes: Bool
    ) throws {
        let states = try #require(makeStates())
        let kept = try visit(states, recomputes: recomputes, layers: layers)
        let computed = try visit(nil, recomputes: recomputes, layers: layers)
        #expect(kept.gradients == computed.gradients)
        #expect(kept.work[0] == computed.work[0] && kept.work[2] < computed.work[2])
    }

    @Test func `what memory has no room for is in a file that leaves nothing behind`() throws {
        let folder = try TemporaryFolder()
        let states = try #require(makeStates(mostBytes: 1000, in: folder.path))
        let kept = try visit(states)
        #expect(try kept.gradients == visit(nil).gradients)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        #expect(makeStates(mostBytes: 1000) == nil, "there is no such folder")
        #expect(makeStates(mostBytes: 100, in: folder.path) == nil, "that is too much for a file, too")
    }

    @Test func `where the lowest layer moves there is nothing to keep`() throws {
        let states = try #require(makeStates())
        let computed = try visit(nil, layers: [0])
        let again = try visit(states, layers: [0])
        #expect(again.gradients == computed.gradients && again.work == computed.work)
    }
}

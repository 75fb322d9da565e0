import Encoders
import Experiments
import HeapCalls
import Numerics
import TestKit
import Testing

/// Memory is laid out once for the largest batch, and used again from step to step.
struct HeapTests {
    /// What each of three steps asks of the heap.
    private func calls(_ precision: Precision, _ adapter: AdapterDesign? = nil) throws -> [Int] {
        let moving = { (parameter: Parameter) in adapter == nil || parameter.isAdapter || parameter.place == .head }
        let test = try TestModel(.roberta, adapter: adapter, precision: precision, moving: moving)
        let batch = makeBatch([5, 21, 9], SmallModel.roberta.configuration)
        let gradients = FloatBuffer(count: 2 * batch.exampleCount)
        gradients.values.update(repeating: 0.1)
        return (1...3).map { step in
            heap_calls_reset()
            _ = test.model.forward(batch, dropout: someDropout)
            test.model.backward(UnsafeBufferPointer(gradients.values))
            let norm = test.model.store.arena.squaredGradientNorm(test.model.compute)
            test.model.store.arena.update(
                AdamW(), number: step, rate: 1e-3, gradientScale: 1 / norm, test.model.compute)
            test.model.store.publishValues()
            _ = test.model.outputs(of: batch)
            return heap_calls()
        }
    }

    @Test(arguments: Precision.allCases)
    func `a step after the first of its size asks for no memory`(precision: Precision) throws {
        let calls = try calls(precision)
        #expect(calls[0] > 20 && calls[1] == 0 && calls[2] == 0)
    }

    /// Not those that a small network computes: OpenBLAS's kernels for small products ask for memory in every call.
    @Test(
        arguments: AdapterTests.designs.filter {
            if case .prefix(_, let width, _) = $0 { width == 0 } else { true }
        })
    func `nor does one of an adapter`(design: AdapterDesign) throws {
        let calls = try calls(.bf16, design)
        #expect(calls[0] > 20 && calls[1] == 0 && calls[2] == 0)
    }
}

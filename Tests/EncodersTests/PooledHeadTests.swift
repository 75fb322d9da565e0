import Encoders
import Experiments
import Safetensors
import TestKit
import Testing

/// The head on the backbone's pooler against BERT's own head, which has a pooler with the same values.
struct PooledHeadTests {
    @Test func `it computes what BERT's own head computes, and has the same gradients`() throws {
        let folder = try TemporaryFolder()
        let pooled = try TestModel(.bert, head: .pooled)
        let store = pooled.model.store
        let tensors = store.table.parameters.enumerated().filter { $1.place >= .pooler }.map { index, parameter in
            let name = parameter.place == .pooler ? "head.\(parameter.name)" : parameter.name
            return TensorSource(name: name, shape: parameter.shape, floats: store.values(index))
        }
        try SafetensorsWriter.write(tensors, to: folder["head.safetensors"])
        let own = try TestModel(.bert, head: .hf, overlays: [try SafetensorsFile(path: folder["head.safetensors"])])
        let batch = makeBatch([5, 9, 2], SmallModel.bert.configuration)
        #expect(pooled.learn(batch, dropout: someDropout) == own.learn(batch, dropout: someDropout))
        #expect(store.arena.gradients.elementsEqual(own.model.store.arena.gradients))
    }

    @Test func `a file without a pooler is refused`() throws {
        var small = SmallModel.bert
        small.fileName = { $0.hasPrefix("pooler") ? nil : $0 }
        let error = #expect(throws: ModelError.self) { try TestModel(small, head: .pooled) }
        #expect(error?.problem.hasPrefix("tensor 'pooler.dense.weight' [12, 12] is missing") == true)
        #expect(throws: Never.self) { try TestModel(small, head: .hf) }
    }
}

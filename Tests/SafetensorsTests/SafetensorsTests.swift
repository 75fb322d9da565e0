import Files
import Foundation
import Safetensors
import TestKit
import Testing

struct SafetensorsTests {
    @Test func `what is written is read again`() throws {
        try withTemporaryFile { path in
            let tensors = [
                TensorSource(name: "b", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]),
                TensorSource(name: "a \"quoted\" \\ \n ä", shape: [], floats: [7]),
                TensorSource(name: "empty", shape: [0, 4], floats: []),
            ]
            try SafetensorsWriter.write(tensors, metadata: ["format": "pt", "kind": "héad"], to: path)
            let file = try SafetensorsFile(path: path)
            #expect(Set(file.names) == ["b", "a \"quoted\" \\ \n ä", "empty"])
            #expect(file.metadata == ["format": "pt", "kind": "héad"])
            let tensor = try #require(file.tensor(named: "b"))
            #expect(tensor.shape == [2, 3] && tensor.type == .f32 && tensor.count == 6)
            #expect(tensor.floats() == [1, 2, 3, 4, 5, 6])
            #expect(tensor.floatsInPlace.map(Array.init) == [1, 2, 3, 4, 5, 6])
            #expect(file.tensor(named: "empty")?.floats() == [])
            #expect(file.tensor(named: "c") == nil)
        }
    }

    @Test func `the bytes depend on the tensors and not on their order, and data begins at a multiple of 64`() throws {
        let first = TensorSource(name: "x", shape: [1], floats: [1])
        let second = TensorSource(name: "y", shape: [1], floats: [2])
        let folder = try TemporaryFolder()
        try SafetensorsWriter.write([first, second], metadata: ["b": "1", "a": "2"], to: folder["one"])
        try SafetensorsWriter.write([second, first], metadata: ["a": "2", "b": "1"], to: folder["other"])
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder["one"]))
        #expect(try bytes == Data(contentsOf: URL(fileURLWithPath: folder["other"])))
        #expect((bytes.count - 8).isMultiple(of: 64))
    }

    /// Bit patterns and values from the definitions of IEEE 754 binary16 and of bfloat16.
    @Test func `half precision and bfloat16 become single precision exactly`() throws {
        let halves: [UInt16] = [0x0000, 0x3C00, 0xC000, 0x7BFF, 0x0001, 0x8001, 0x0400, 0x7C00]
        let expectedHalves: [Float] = [0, 1, -2, 65504, 0x1p-24, -0x1p-24, 0x1p-14, .infinity]
        let brains: [UInt16] = [0x0000, 0x3F80, 0xC000, 0x0001]
        let expectedBrains: [Float] = [0, 1, -2, Float(bitPattern: 0x1_0000)]
        try withTemporaryFile { path in
            try halves.withUnsafeBytes { halves in
                try brains.withUnsafeBytes { brains in
                    try SafetensorsWriter.write(
                        [
                            TensorSource(name: "half", type: .f16, shape: [8], bytes: halves),
                            TensorSource(name: "brain", type: .bf16, shape: [4], bytes: brains),
                            TensorSource(
                                name: "integers", type: .i64, shape: [1], bytes: .init(rebasing: halves[..<8])),
                        ], to: path)
                }
            }
            let file = try SafetensorsFile(path: path)
            #expect(file.tensor(named: "half")?.floats() == expectedHalves)
            #expect(file.tensor(named: "brain")?.floats() == expectedBrains)
            #expect(file.tensor(named: "integers")?.type == .i64)
            #expect(file.tensor(named: "integers")?.floats() == nil)
            #expect(file.tensor(named: "half")?.floatsInPlace == nil)
        }
    }
}

func withTemporaryFile(_ body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    try body(folder["file.safetensors"])
}

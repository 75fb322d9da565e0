import Foundation
import Safetensors
import Testing

struct MalformedFileTests {
    struct Case: CustomTestStringConvertible {
        let header: String
        var data = 8
        let message: String
        var testDescription: String { message }
    }

    static let cases = [
        Case(header: "no json", message: "not a safetensors file: its header is not JSON"),
        Case(header: "[1]", message: "not a safetensors file: its header is not a JSON object"),
        Case(
            header: #"{"__metadata__":{"a":1}}"#, data: 0,
            message: "__metadata__ in the header is not a table of strings"),
        Case(header: #"{"a":3}"#, message: "tensor 'a': its entry in the header is not a table"),
        Case(header: #"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, message: "tensor 'a': dtype is missing"),
        Case(
            header: #"{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#,
            message: "tensor 'a': dtype 'F31' is not known"),
        Case(
            header: #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
            message: "tensor 'a': shape is missing or not a list of sizes"),
        Case(
            header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
            message: "tensor 'a': data_offsets is missing or not a pair of rising offsets"),
        Case(
            header: #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
            message: "tensor 'a': shape [3] of F32 takes 12 bytes, data_offsets [0, 8] have 8"),
        Case(
            header: #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
            message: "tensor 'a': shape [4611686018427387904, 4] is too large"),
        Case(
            header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: 5,
            message: "truncated: tensor 'a' ends at byte 8 of the data, the file has 5"),
        Case(
            header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: 9,
            message: "1 bytes after the last tensor belong to none"),
        Case(
            header:
                #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[2],"data_offsets":[6,8]}}"#,
            message: "tensor 'b' begins at byte 6 and overlaps the one before it"),
        Case(
            header: #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
            message: "tensor 'a' begins at byte 2 and leaves a gap before it"),
    ]

    @Test(arguments: cases)
    func `a malformed file is one clear error`(test: Case) throws {
        let header = Array(test.header.utf8)
        let bytes =
            withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
            + [UInt8](repeating: 0, count: test.data)
        try expect(bytes, message: test.message)
    }

    @Test func `a file too short for its header, or with a header too long, is one clear error`() throws {
        try expect([1, 2, 3], message: "not a safetensors file: only 3 bytes long")
        try expect([], message: "not a safetensors file: only 0 bytes long")
        try expect([100, 0, 0, 0, 0, 0, 0, 0, 123], message: "truncated: the header needs 108 bytes, the file has 9")
        try expect(
            [UInt8](repeating: 0x20, count: 20),
            message: "not a safetensors file: its header would be 2314885530818453536 bytes long")
    }

    @Test func `a file that is not there is one clear error`() {
        #expect(throws: SafetensorsError(path: "/nowhere", problem: "cannot read: no such file or directory")) {
            try SafetensorsFile(path: "/nowhere")
        }
    }

    private func expect(_ bytes: [UInt8], message: String) throws {
        try withTemporaryFile { path in
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(throws: SafetensorsError(path: path, problem: message)) { try SafetensorsFile(path: path) }
        }
    }
}

import Files
import Foundation

/// A file in the safetensors format, memory-mapped and checked as a whole when it is opened: 8 bytes with the header's
/// length (little-endian), the header (JSON: name -> dtype, shape, data_offsets), then the tensors' bytes without gaps.
/// Source: https://github.com/huggingface/safetensors, "Format".
package final class SafetensorsFile: Sendable {
    package let path: String
    /// In the order of the bytes in the file.
    package let names: [String]
    /// The header's `__metadata__`.
    package let metadata: [String: String]
    private let file: MappedFile
    /// The size of the whole file.
    package var byteCount: Int { file.count }
    private let entries: [String: SafetensorsHeader.Entry]
    private let dataStart: Int

    package init(path: String) throws(SafetensorsError) {
        self.path = path
        do {
            file = try MappedFile(path: path)
        } catch {
            throw SafetensorsError(path: path, problem: "cannot read: \(error.reason)")
        }
        do {
            let header = try SafetensorsHeader(readingFrom: file.bytes)
            metadata = header.metadata
            entries = header.entries
            dataStart = header.dataStart
            names = header.entries.sorted { ($0.value.range.lowerBound, $0.key) < ($1.value.range.lowerBound, $1.key) }
                .map(\.key)
        } catch {
            throw SafetensorsError(path: path, problem: error.problem)
        }
    }

    package func tensor(named name: String) -> TensorView? {
        guard let entry = entries[name] else { return nil }
        let range = (dataStart + entry.range.lowerBound)..<(dataStart + entry.range.upperBound)
        return TensorView(name: name, type: entry.type, shape: entry.shape, file: self, range: range)
    }

    var bytes: UnsafeRawBufferPointer { file.bytes }
}

import Files

/// The header of a safetensors file, decoded and checked against the length of the file.
struct SafetensorsHeader {
    struct Entry: Sendable {
        let type: ElementType
        let shape: [Int]
        /// In bytes from the start of the data.
        let range: Range<Int>
    }

    struct Malformed: Error {
        let problem: String
    }

    /// The format's own bound on the header, in bytes.
    static let byteLimit = 100_000_000

    let metadata: [String: String]
    let entries: [String: Entry]
    /// In bytes from the start of the file.
    let dataStart: Int

    init(readingFrom bytes: UnsafeRawBufferPointer) throws(Malformed) {
        guard bytes.count >= 8 else {
            throw Malformed(problem: "not a safetensors file: only \(bytes.count) bytes long")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= Self.byteLimit else {
            throw Malformed(problem: "not a safetensors file: its header would be \(length) bytes long")
        }
        dataStart = 8 + Int(length)
        guard bytes.count >= dataStart else {
            throw Malformed(problem: "truncated: the header needs \(dataStart) bytes, the file has \(bytes.count)")
        }
        let members = try Self.members(UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]))
        metadata = try Self.readMetadata(members.last { $0.name == "__metadata__" }?.value)
        var entries: [String: Entry] = [:]
        for member in members where member.name != "__metadata__" {
            entries[member.name] = try Entry(member.value, name: member.name)
        }
        self.entries = entries
        try Self.checkRanges(entries, dataCount: bytes.count - dataStart)
    }

    private static func members(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> [JSONValue.Member] {
        let header: JSONValue
        do {
            header = try JSONValue(parsing: bytes.bindMemory(to: UInt8.self).span)
        } catch {
            throw Malformed(problem: "not a safetensors file: its header is not JSON")
        }
        guard let members = header.members else {
            throw Malformed(problem: "not a safetensors file: its header is not a JSON object")
        }
        return members
    }

    private static func readMetadata(_ value: JSONValue?) throws(Malformed) -> [String: String] {
        guard let value else { return [:] }
        let malformed = Malformed(problem: "__metadata__ in the header is not a table of strings")
        guard let members = value.members else { throw malformed }
        var metadata: [String: String] = [:]
        for member in members {
            guard let text = member.value.string else { throw malformed }
            metadata[member.name] = text
        }
        return metadata
    }

    /// The tensors must cover the data exactly: no gap, no overlap, nothing missing, nothing left over.
    private static func checkRanges(_ entries: [String: Entry], dataCount: Int) throws(Malformed) {
        var end = 0
        let sorted = entries.sorted {
            ($0.value.range.lowerBound, $0.value.range.upperBound) < (
                $1.value.range.lowerBound, $1.value.range.upperBound
            )
        }
        for (name, entry) in sorted {
            guard entry.range.lowerBound == end else {
                let what = entry.range.lowerBound < end ? "overlaps the one before it" : "leaves a gap before it"
                throw Malformed(problem: "tensor '\(name)' begins at byte \(entry.range.lowerBound) and \(what)")
            }
            end = entry.range.upperBound
            guard end <= dataCount else {
                throw Malformed(
                    problem: "truncated: tensor '\(name)' ends at byte \(end) of the data, the file has \(dataCount)")
            }
        }
        guard end == dataCount else {
            throw Malformed(problem: "\(dataCount - end) bytes after the last tensor belong to none")
        }
    }
}

extension SafetensorsHeader.Entry {
    init(_ fields: JSONValue, name: String) throws(SafetensorsHeader.Malformed) {
        func malformed(_ what: String) -> SafetensorsHeader.Malformed { .init(problem: "tensor '\(name)': \(what)") }
        guard fields.members != nil else { throw malformed("its entry in the header is not a table") }
        guard let typeName = fields["dtype"]?.string else { throw malformed("dtype is missing") }
        guard let type = ElementType(rawValue: typeName) else { throw malformed("dtype '\(typeName)' is not known") }
        guard let shape = fields["shape"]?.integers, shape.allSatisfy({ $0 >= 0 }) else {
            throw malformed("shape is missing or not a list of sizes")
        }
        guard let offsets = fields["data_offsets"]?.integers, offsets.count == 2, 0 <= offsets[0],
            offsets[0] <= offsets[1]
        else { throw malformed("data_offsets is missing or not a pair of rising offsets") }
        var byteCount = type.byteCount
        for size in shape {
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: size)
            guard !overflow else { throw malformed("shape \(shape) is too large") }
            byteCount = product
        }
        guard byteCount == offsets[1] - offsets[0] else {
            throw malformed(
                "shape \(shape) of \(typeName) takes \(byteCount) bytes, data_offsets \(offsets) have \(offsets[1] - offsets[0])"
            )
        }
        self.init(type: type, shape: shape, range: offsets[0]..<offsets[1])
    }
}

extension JSONValue {
    /// nil for what is not an array of whole numbers.
    fileprivate var integers: [Int]? {
        guard let elements else { return nil }
        let integers = elements.compactMap(\.integer)
        return integers.count == elements.count ? integers : nil
    }
}

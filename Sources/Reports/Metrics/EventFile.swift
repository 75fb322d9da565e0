import Experiments

/// A file of events as TensorBoard reads it: frames of the TFRecord format, each of which holds an `Event`, a protocol
/// buffer of tensorflow/core/util/event.proto. Only what scalars need of either is here.
package enum EventFile {
    /// TensorBoard takes for a file of events what has `tfevents` in its name.
    package static let name = "events.out.tfevents.headstart"

    /// Where a stage's file lies: TensorBoard calls a run what its folder is called.
    package static func folder(of metrics: StageMetrics) -> String {
        let parts = [metrics.task] + metrics.method.split(separator: "/").map(String.init) + ["seed-\(metrics.seed)"]
        return parts.map(plain).joined(separator: "/")
    }

    /// All of a stage's numbers, in single precision, which is all that TensorBoard has for a scalar. A number's tag is
    /// its split and its metric, as in `dev/accuracy`.
    package static func bytes(of metrics: StageMetrics) -> [UInt8] {
        let start = Double(metrics.startedAt.rawValue) / 1000
        let rows = metrics.rows
        var bytes = frame(event(at: start, step: 0, field(3, text: "brain.Event:2")))
        var rest = rows[...]
        while let first = rest.first {
            let together = rest.prefix { $0.step == first.step }
            rest = rest.dropFirst(together.count)
            let values = together.map { row in
                field(1, field(1, text: "\(row.split.rawValue)/\(row.metric)") + field(2, Float(row.value)))
            }
            let seconds = first.seconds
            bytes += frame(event(at: start + seconds, step: first.step, field(5, values.flatMap(\.self))))
        }
        return bytes
    }

    /// A record: the length of its data, a checksum of the length, the data, and a checksum of the data.
    package static func frame(_ data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count))
        return length + littleEndian(maskedChecksum(of: length)) + data + littleEndian(maskedChecksum(of: data))
    }

    /// TFRecord changes checksums so that those of data which has checksums in it are good ones, too.
    private static func maskedChecksum(of bytes: [UInt8]) -> UInt32 {
        let checksum = CRC32C.checksum(of: bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }

    private static func event(at seconds: Double, step: Int, _ what: [UInt8]) -> [UInt8] {
        tag(1, .eightBytes) + littleEndian(seconds.bitPattern) + tag(2, .varint) + varint(UInt64(step)) + what
    }

    // MARK: Protocol buffers

    private enum WireType: UInt64 {
        case varint = 0, eightBytes = 1, lengthDelimited = 2, fourBytes = 5
    }

    private static func tag(_ field: UInt64, _ type: WireType) -> [UInt8] { varint(field << 3 | type.rawValue) }

    private static func field(_ number: UInt64, _ content: [UInt8]) -> [UInt8] {
        tag(number, .lengthDelimited) + varint(UInt64(content.count)) + content
    }

    private static func field(_ number: UInt64, text: String) -> [UInt8] { field(number, Array(text.utf8)) }

    private static func field(_ number: UInt64, _ value: Float) -> [UInt8] {
        tag(number, .fourBytes) + littleEndian(value.bitPattern)
    }

    /// Seven bits a byte, the lowest first; the eighth says that there are more.
    private static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }

    /// A folder's name that leads nowhere else.
    private static func plain(_ name: String) -> String {
        let letters = name.map { $0.isLetter || $0.isNumber || "-_.~+".contains($0) ? $0 : "-" }
        return letters.allSatisfy { $0 == "." } ? "-" : String(letters)
    }
}

/// The checksum of RFC 3720: a cyclic redundancy check of 32 bits by Castagnoli's polynomial.
package enum CRC32C {
    package static func checksum(of bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(byte) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0x82F6_3B78 : rest >> 1 }
    }
}

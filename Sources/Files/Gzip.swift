import CZlib

/// Files that gzip has packed.
package enum Gzip {
    package struct Problem: Error, Sendable {
        package let sentence: String
    }

    private static let broken = Problem(sentence: "it is damaged, or was cut off")

    /// Whether the bytes begin as gzip's do.
    package static func isPacked(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// What was packed; of several packed one after the other, as `cat a.gz b.gz` leaves them, all.
    /// - Parameter limit: the most bytes there may be, as a few packed ones may stand for any number.
    package static func unpacked(_ bytes: [UInt8], atMost limit: Int = 1 << 31) throws(Problem) -> [UInt8] {
        var stream = z_stream()
        // 15 bits of window, and gzip's own header.
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw Problem(sentence: "there is no memory to unpack it")
        }
        defer { inflateEnd(&stream) }
        var unpacked: [UInt8] = []
        let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 18)
        defer { piece.deallocate() }
        var done = 0
        while done < bytes.count {
            let (used, made, status) = inflate(&stream, bytes[done...], into: piece)
            unpacked.append(contentsOf: piece[..<made])
            done += used
            guard unpacked.count <= limit else {
                throw Problem(sentence: "it has more than \(limit >> 20) MiB unpacked")
            }
            switch status {
            case Z_OK where used + made > 0: continue
            case Z_STREAM_END where done == bytes.count: return unpacked
            case Z_STREAM_END: inflateReset(&stream)
            default: throw Self.broken
            }
        }
        throw Self.broken
    }

    private static func inflate(
        _ stream: inout z_stream, _ bytes: ArraySlice<UInt8>, into piece: UnsafeMutableBufferPointer<UInt8>
    ) -> (used: Int, made: Int, status: Int32) {
        let given = bytes.prefix(1 << 18)
        return given.withUnsafeBufferPointer { given in
            // zlib reads what it calls writable.
            stream.next_in = UnsafeMutablePointer(mutating: given.baseAddress)
            stream.avail_in = UInt32(given.count)
            stream.next_out = piece.baseAddress
            stream.avail_out = UInt32(piece.count)
            let status = CZlib.inflate(&stream, Z_NO_FLUSH)
            return (given.count - Int(stream.avail_in), piece.count - Int(stream.avail_out), status)
        }
    }
}

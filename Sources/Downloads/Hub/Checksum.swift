import enum Crypto.Insecure
package import Files
import Foundation

/// What the hub knows a file's bytes by, and calls the file in its cache.
package enum Checksum: Hashable, Sendable {
    /// Of large files.
    case sha256(Digest)
    /// Git's name of a small file: the SHA-1 of `blob`, its length, and its bytes.
    case gitBlob(String)

    /// - Returns: nil for what is neither.
    package init?(hex: String) {
        if let digest = Digest(hex: hex) {
            self = .sha256(digest)
        } else if hex.utf8.count == 40, hex.utf8.allSatisfy({ Self.digits.contains($0) }) {
            self = .gitBlob(hex)
        } else {
            return nil
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    package var hex: String {
        switch self {
        case .sha256(let digest): digest.hex
        case .gitBlob(let hex): hex
        }
    }

    package func matches(_ path: String) throws(FileError) -> Bool {
        switch self {
        case .sha256(let digest): return try Disk.digest(of: path) == digest
        case .gitBlob(let hex):
            // Git's names are SHA-1, which is not ours to choose.
            var hasher = Insecure.SHA1()
            hasher.update(data: Array("blob \(Disk.byteCount(of: path) ?? 0)\0".utf8))
            try Disk.readPieces(path) { hasher.update(bufferPointer: $0) }
            return hasher.finalize().flatMap { [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]] }
                .elementsEqual(hex.utf8)
        }
    }
}

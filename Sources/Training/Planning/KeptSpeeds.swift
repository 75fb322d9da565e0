package import Encoders
package import Experiments
package import Files
import Foundation

/// The speeds that were measured on a host, in one file.
package struct KeptSpeeds {
    /// What a speed depends on.
    package struct Key: Codable, Hashable, Sendable {
        let processor: String
        let threads: Int
        let family: String
        let hidden: Int
        let intermediate: Int
        let heads: Int
        let precision: Precision
        let program: Digest

        /// - Parameter program: the digest of the program that trains.
        package init(
            processor: String, program: Digest, threads: Int, _ configuration: EncoderConfiguration,
            _ precision: Precision
        ) {
            self.processor = processor
            self.threads = threads
            family = configuration.family.rawValue
            (hidden, intermediate) = (configuration.hidden, configuration.intermediate)
            heads = configuration.heads
            self.precision = precision
            self.program = program
        }
    }

    private struct Entry: Codable {
        let key: Key
        let speed: HostSpeed
    }

    package let path: String

    package init(folder: String) { path = "\(folder)/speeds.json" }

    /// - Returns: nil where it was not measured, or the file is none that can be read: what it holds can be had again.
    package func speed(_ key: Key) -> HostSpeed? { entries.first { $0.key == key }?.speed }

    /// Beside those of other keys; those of other programs go.
    package func keep(_ speed: HostSpeed, _ key: Key) throws {
        let others = entries.filter { $0.key != key && $0.key.program == key.program }
        try Directory.make(Path.folder(of: path))
        try AtomicFile.write(try CanonicalJSON.encode(others + [Entry(key: key, speed: speed)]), to: path)
    }

    private var entries: [Entry] {
        do {
            return try CanonicalJSON.decode([Entry].self, from: Data(try Disk.read(path)))
        } catch {
            return []
        }
    }
}

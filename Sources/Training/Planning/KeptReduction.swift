package import Collectives
import Files
import Foundation

/// What sums over ranks cost as a host measured it last, in a file.
package struct KeptReduction {
    package struct Entry: Codable, Hashable, Sendable {
        package let cost: ReductionCost
        package let ranks: Int
        /// On which these ranks were.
        package let hosts: Int

        package init(cost: ReductionCost, ranks: Int, hosts: Int) {
            self.cost = cost
            self.ranks = ranks
            self.hosts = hosts
        }
    }

    package let path: String

    package init(folder: String) { path = "\(folder)/sums.json" }

    /// nil where it was not measured, or the file is none that can be read: what it holds can be had again.
    package var entry: Entry? {
        do {
            return try CanonicalJSON.decode(Entry.self, from: Data(try Disk.read(path)))
        } catch {
            return nil
        }
    }

    package func keep(_ entry: Entry) throws {
        try Directory.make(Path.folder(of: path))
        try AtomicFile.write(try CanonicalJSON.encode(entry), to: path)
    }
}

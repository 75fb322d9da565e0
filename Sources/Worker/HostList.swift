/// The hosts over which the ranks of a group are spread, in the order of ranks: "node01:4,node02:4". A host without a number
/// has one.
package struct HostList: Equatable, Sendable, CustomStringConvertible {
    private let hosts: [(name: String, ranks: Int)]

    /// - Returns: nil where the text names no host, one twice, or another number than 1 and more.
    package init?(_ text: String) {
        var hosts: [(name: String, ranks: Int)] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = word.split(separator: ":", omittingEmptySubsequences: false)
            guard let name = parts.first, !name.isEmpty, parts.count <= 2, !hosts.contains(where: { $0.name == name }),
                name.allSatisfy({ $0.isLetter || $0.isNumber || "-._".contains($0) }), name.first != "-",
                let ranks = parts.count == 2 ? Int(parts[1]) : 1, 1...mostRanks ~= ranks
            else { return nil }
            hosts.append((String(name), ranks))
        }
        self.hosts = hosts
    }

    package static func == (left: HostList, right: HostList) -> Bool { left.description == right.description }

    package var ranks: Int { hosts.reduce(0) { $0 + $1.ranks } }

    /// Of the host that has the most.
    var ranksOfOne: Int { hosts.map(\.ranks).max() ?? 1 }

    /// As mpirun is told them.
    package var description: String { hosts.map { "\($0.name):\($0.ranks)" }.joined(separator: ",") }
}

private let mostRanks = 1 << 16

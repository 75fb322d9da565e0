import Foundation
import Numerics
import Testing

struct TopologyTests {
    @Test func `a core counts once, however many hardware threads it has`() {
        let topology = Topology(synthetic: "numa:2 core:4 pu:2")
        #expect(topology.cores.count == 8 && topology.memories == 2)
        #expect(topology.cores.allSatisfy { $0.count == 2 })
        #expect(Set(topology.cores.joined()) == Set(0..<16))
        #expect(Topology(synthetic: "numa:1 core:3 pu:1").memories == 1)
    }

    @Test func `processes share out the cores side by side, and none twice`() throws {
        let topology = Topology(synthetic: "numa:2 core:4 pu:2")
        let shares = try (0..<3).map { try #require(topology.share(of: $0, among: 3)) }
        #expect(shares.map(\.count) == [2, 3, 3])
        #expect(shares.flatMap { $0 } == topology.cores)
        // Two processes have a memory each.
        #expect(topology.share(of: 1, among: 2) == Array(topology.cores[4...]))
    }

    @Test func `each group has a rank for each memory that falls to it, and one at least`() {
        let topology = Topology(synthetic: "numa:4 core:2 pu:1")
        #expect([1, 2, 3, 4, 9, 0].map(topology.processes) == [4, 2, 1, 1, 1, 4])
    }

    @Test func `one process alone may go everywhere, and so may more of them than there are cores`() {
        let topology = Topology(synthetic: "numa:1 core:2 pu:2")
        #expect(topology.share(of: 0, among: 1) == nil)
        #expect(topology.share(of: 1, among: 3) == nil)
        #expect(topology.share(of: 1, among: 2) == [topology.cores[1]])
    }

    @Test func `a process knows of cores even where hwloc tells nothing`() {
        #expect(Topology(synthetic: "nonsense").cores.count == ProcessInfo.processInfo.activeProcessorCount)
        #expect(Topology.here.cores.count >= 1 && Topology.here.memories >= 1)
        #expect(Topology.here.cores.count <= ProcessInfo.processInfo.activeProcessorCount)
    }
}

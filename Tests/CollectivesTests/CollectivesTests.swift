import Collectives
import Testing

@Suite(.serialized, .enabled(if: Probe.hasLauncher, "mpirun is not installed (package openmpi-bin)"))
struct CollectivesTests {
    @Test(arguments: [1, 2, 4])
    func `sums over ranks have equal bits everywhere, those of additions in rank order`(ranks: Int) throws {
        try expectAllTrue(Probe("sums", ranks: ranks), count: 19)
    }

    @Test(arguments: [1, 2, 3])
    func `sums that are under way at once have the bits of sums one by one, in both formats`(ranks: Int) throws {
        try expectAllTrue(Probe("overlapping", ranks: ranks), count: 6)
    }

    @Test(arguments: [2, 4])
    func `bytes of any length reach every rank`(ranks: Int) throws {
        try expectAllTrue(Probe("bytes", ranks: ranks), count: 13)
    }

    @Test func `idle ranks wait for a command without using their cores`() throws {
        try expectAllTrue(Probe("commands", ranks: 3), count: 1)
    }

    @Test func `a rank that fails ends its group`() throws {
        let probe = try Probe("failing", ranks: 2)
        #expect(probe.status == 7)
        #expect(!probe.lines.contains("the others went on"))
    }

    @Test func `after a call that failed none is made`() throws {
        let probe = try Probe("broken", ranks: 1)
        #expect(probe.lines == ["both failed alike: true"])
    }

    private func expectAllTrue(_ probe: Probe, count: Int) {
        #expect(probe.status == 0)
        #expect(probe.lines.filter { !$0.hasSuffix(": true") } == [])
        #expect(probe.lines.count == count)
    }
}

struct SoloTests {
    @Test func `a process that no launcher started is a group of one`() throws {
        let probe = try Probe("start", ranks: nil)
        #expect(probe.lines == ["started with 1: true"])
        #expect(probe.status == 0)
    }

    @Test func `one rank alone gets back what it gives`() throws {
        let solo: any Communicator = SoloCommunicator()
        var values: [Float] = [1, 2]
        try values.withUnsafeMutableBufferPointer { buffer throws(MPIError) in try solo.sum(buffer) }
        #expect(values == [1, 2])
        #expect(try solo.sum([1.5]) == [1.5])
        #expect(try solo.broadcast([1, 2], from: 0) == [1, 2])
        #expect(try solo.gather([7]) == [[7]])
        #expect(try solo.allEqual([1]))
    }
}

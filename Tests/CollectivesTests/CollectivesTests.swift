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

struct PlaceTests {
    private func place(_ group: String?, rank: String?, of ranks: String?) -> [Int]? {
        var environment: [String: String] = [:]
        environment["HEADSTART_GROUP"] = group
        environment["OMPI_COMM_WORLD_LOCAL_RANK"] = rank
        environment["OMPI_COMM_WORLD_LOCAL_SIZE"] = ranks
        return MPIRun.place(in: environment).map { [$0.process, $0.processes] }
    }

    @Test func `ranks of all groups of a host are counted through`() {
        #expect(place("0/1", rank: "1", of: "2") == [1, 2])
        #expect(place("2/3", rank: "1", of: "4") == [9, 12])
        let told = MPIRun.environment(ofGroup: 2, of: 3)
        #expect(place(told["HEADSTART_GROUP"], rank: "0", of: "4") == [8, 12])
    }

    @Test func `MPICH says the same in other words`() {
        let rank = ["HEADSTART_GROUP": "1/2", "MPI_LOCALRANKID": "0", "MPI_LOCALNRANKS": "2", "PMI_RANK": "4"]
        #expect(MPIRun.place(in: rank).map { [$0.process, $0.processes] } == [2, 4])
        #expect(MPIRun.rank(in: rank) == 4)
        #expect(MPIRun.rank(in: [:]) == nil)
        #expect(MPIRun.rank(in: ["OMPI_COMM_WORLD_RANK": "3"]) == 3)
    }

    @Test func `a launcher is known by what it says of itself`() throws {
        let open = try #require(MPILibrary.named(in: "mpirun (Open MPI) 4.1.4\n\nReport bugs to ...\n"))
        #expect(open == (.openMPI, "mpirun (Open MPI) 4.1.4"))
        let mpich = try #require(
            MPILibrary.named(in: "HYDRA build details:\n    Version:                                 4.0.2\n"))
        #expect(mpich == (.mpich, "mpirun (MPICH) 4.0.2"))
        #expect(MPILibrary.named(in: "") == nil)
        #expect(MPILibrary.named(in: "Intel(R) MPI Library") == nil)
    }

    @Test func `a rank that was started in another way has no place`() {
        #expect(place(nil, rank: "1", of: "2") == nil)
        #expect(place("0/1", rank: nil, of: nil) == nil)
        for wrong in ["", "1", "1/1", "-1/2", "a/b", "0/1/2"] { #expect(place(wrong, rank: "0", of: "1") == nil) }
        #expect(place("0/1", rank: "2", of: "2") == nil)
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

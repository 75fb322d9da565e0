import Experiments
import Foundation
import Reports
import Testing

/// A host on which nothing is wrong.
private let fine: HostReadings = {
    var readings = HostReadings()
    readings.blasCore = "SkylakeX"
    readings.bestBLASCore = "skylakex"
    readings.hugePages = "always"
    readings.governor = "performance"
    readings.memoryBytes = 64 << 30
    readings.sharedMemoryBytes = 32 << 30
    readings.store = "results"
    readings.syncMilliseconds = 3
    readings.clockOffsetSeconds = -0.004
    readings.locale = "de_DE.UTF-8"
    return readings
}()

private func report(_ host: String, _ readings: HostReadings, program: String = "1", at time: Int64 = 0) -> HostReport {
    HostReport(
        host: host, program: program, processor: "Some CPU", cores: 8, hardwareThreads: 16, memories: 2,
        blas: .init(core: "SkylakeX", gigaflops: 400), blasAsItComes: nil, bfloatUnit: nil, oneDNN: "3",
        mpi: "mpirun 4",
        zeroMQ: "4.3", curve: true, readings: readings, clock: Timestamp(rawValue: time))
}

struct HostTests {
    /// What goes wrong, what is then said to do, and a word of the sentence.
    struct Ailment: Sendable, CustomTestStringConvertible {
        let subject: HostFinding.Subject
        let command: String
        let word: String
        let change: @Sendable (inout HostReadings) -> Void

        var testDescription: String { "\(subject): \(command)" }

        init(
            _ subject: HostFinding.Subject, _ command: String, _ word: String,
            change: @escaping @Sendable (inout HostReadings) -> Void
        ) {
            (self.subject, self.command, self.word, self.change) = (subject, command, word, change)
        }
    }

    static let ailments = [
        Ailment(.blas, "unset HEADSTART_BLAS_CORE", "Prescott") {
            $0.blasCore = "Prescott"
            $0.prescribesBLASCore = true
        },
        Ailment(.blas, "libopenblas", "Haswell") { $0.blasCore = "Haswell" },
        Ailment(.hugePages, "sudo tee", "no huge pages") { $0.hugePages = "never" },
        Ailment(.hugePages, "GLIBC_TUNABLES", "only for who asks") { $0.hugePages = "madvise" },
        Ailment(.governor, "cpupower", "powersave") { $0.governor = "powersave" },
        Ailment(.memory, "sbatch --mem=0", "4.0 GiB of the machine's 64.0 GiB") {
            $0.memoryLimits = [.init(.cgroup, bytes: 8 << 30), .init(.slurm, bytes: 4 << 30)]
        },
        Ailment(.memory, "--memory 8589934592", "8.0 GiB") { $0.memoryLimits = [.init(.cgroup, bytes: 8 << 30)] },
        Ailment(.memory, "ulimit -v unlimited", "ulimit -v") { $0.memoryLimits = [.init(.ulimit, bytes: 8 << 30)] },
        Ailment(.descriptors, "ulimit -n 4096", "256 files") { $0.descriptors = 256 },
        Ailment(.mpi, "apt-get install openmpi-bin", "mpirun") { $0.hasMPI = false },
        Ailment(.mpi, "HEADSTART_MPI=mpich", "built with") { $0.hasOtherMPI = true },
        Ailment(.sharedMemory, "--shm-size", "64 MiB") { $0.sharedMemoryBytes = 64 << 20 },
        Ailment(.fabric, "libucx0", "mlx5_0") {
            $0.fabrics = ["mlx5_0"]
            $0.usesFabrics = false
        },
        Ailment(.lockedMemory, "ulimit -l unlimited", "8 MiB") {
            $0.fabrics = ["mlx5_0"]
            $0.lockedBytes = 8 << 20
        },
        Ailment(.store, "df -h results", "permission denied") {
            $0.syncMilliseconds = nil
            $0.storeProblem = "permission denied"
        },
        Ailment(.disk, "--store", "120 ms") { $0.syncMilliseconds = 120 },
        Ailment(.clock, "timedatectl", "75 s behind") { $0.clockOffsetSeconds = 75 },
        Ailment(.clock, "timedatectl", "75 s before") { $0.clockOffsetSeconds = -75 },
        Ailment(.locale, "LC_ALL=C.UTF-8", "'C'") { $0.locale = nil },
        Ailment(.locale, "LC_ALL=C.UTF-8", "de_DE") { $0.locale = "de_DE" },
    ]

    @Test(arguments: ailments) func `what is wrong with a host is told with the command that mends it`(
        _ ailment: Ailment
    ) {
        var readings = fine
        ailment.change(&readings)
        let findings = readings.findings
        #expect(findings.map(\.subject) == [ailment.subject])
        #expect(findings.allSatisfy { $0.command.contains(ailment.command) }, "\(findings)")
        #expect(findings.allSatisfy { $0.sentence.contains(ailment.word) }, "\(findings)")
        let text = report("a", readings).text(ranks: 2)
        for finding in findings { #expect(text.hasSuffix("! \(finding.sentence)\n    \(finding.command)")) }
    }

    @Test func `every finding there is can be made, and a host that is well has none`() {
        #expect(Set(Self.ailments.map(\.subject)) == Set(HostFinding.Subject.allCases))
        #expect(fine.findings.isEmpty)
        #expect(report("a", fine).text(ranks: 2).hasSuffix("\n\nNothing here needs mending."))
        var asked = fine
        asked.hugePages = "madvise"
        asked.asksForHugePages = true
        #expect(asked.findings.isEmpty)
    }

    // MARK: - What files and variables say

    private func readings(
        _ files: [String: String] = [:], _ environment: [String: String] = [:], addressBytes: Int? = nil
    ) -> HostReadings {
        HostReadings(
            text: { files[$0] }, names: { $0 == "/sys/class/infiniband" ? ["mlx5_1", "mlx5_0"] : [] },
            environment: environment, memoryBytes: 64 << 30, addressBytes: addressBytes)
    }

    @Test func `a system's files are read as they are`() {
        let readings = readings(
            [
                "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
                "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
            ],
            ["GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "LC_ALL": "", "LANG": "C.UTF-8", "HEADSTART_BLAS_CORE": "Zen"])
        #expect(readings.hugePages == "madvise" && readings.asksForHugePages && readings.governor == "powersave")
        #expect(readings.locale == "C.UTF-8" && readings.prescribesBLASCore)
        #expect(readings.fabrics == ["mlx5_0", "mlx5_1"])
        #expect(readings.memoryLimits.isEmpty && readings.allowedBytes == 64 << 30)
    }

    @Test func `the least that a control group around the process allows is its limit`() {
        let second = readings([
            "/proc/self/cgroup": "0::/job/step\n", "/sys/fs/cgroup/job/step/memory.max": "max\n",
            "/sys/fs/cgroup/job/memory.max": "4294967296\n", "/sys/fs/cgroup/memory.max": "8589934592\n",
        ])
        #expect(second.memoryLimits == [.init(.cgroup, bytes: 4 << 30)] && second.allowedBytes == 4 << 30)
        let first = readings([
            "/proc/self/cgroup": "5:cpu,memory:/slurm/uid_1\n1:name=systemd:/x\n",
            "/sys/fs/cgroup/memory/slurm/uid_1/memory.limit_in_bytes": "2147483648\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        ])
        #expect(first.memoryLimits == [.init(.cgroup, bytes: 2 << 30)])
    }

    @Test(arguments: [
        (["SLURM_MEM_PER_NODE": "4096"], 4 << 30 as Int?),
        (["SLURM_MEM_PER_CPU": "1024", "SLURM_CPUS_ON_NODE": "4"], 4 << 30), (["SLURM_MEM_PER_NODE": "0"], nil),
        (["SLURM_MEM_PER_NODE": "131072"], nil), ([:], nil),
    ])
    func `what Slurm gave is a limit where it is less than the machine has`(variables: [String: String], bytes: Int?) {
        #expect(readings([:], variables).memoryLimits == (bytes.map { [.init(.slurm, bytes: $0)] } ?? []))
    }

    @Test func `ulimit is a limit where it is less than the machine has`() {
        #expect(readings(addressBytes: 1 << 30).memoryLimits == [.init(.ulimit, bytes: 1 << 30)])
        #expect(readings(addressBytes: 1 << 40).memoryLimits.isEmpty)
    }

    // MARK: - A cluster

    @Test func `a cluster's hosts are one table, and what several have is told once`() throws {
        var slow = fine
        slow.governor = "powersave"
        let now = Timestamp(rawValue: 1_000_000)
        let cluster = ClusterReport([
            .init("a", report("a", slow, at: 1_000_000), heardAt: now),
            .init("b", report("b", slow, at: 999_700), heardAt: now),
            .init("c", report("c", fine, program: "2", at: 910_000), heardAt: now),
            .init("d", problem: "ssh: connect to host d port 22: No route to host"),
        ])
        #expect(
            cluster.text() == """
                host  cores    memory  core type  GFLOP/s  bf16      clock  version  to mend
                ────  ─────  ────────  ─────────  ───────  ────────  ─────  ───────  ───────
                a         8  64.0 GiB  SkylakeX       400  software   ours  1              1
                b         8  64.0 GiB  SkylakeX       400  software   ours  1              1
                c         8  64.0 GiB  SkylakeX       400  software  -90 s  2              1
                d         –         –  –                –  –             –  –              –

                d does not answer: ssh: connect to host d port 22: No route to host
                the hosts have different versions of headstart: a 1, b 1, c 2

                ! a, b: the processor's clock is kept low by the governor 'powersave'
                    sudo cpupower frequency-set --governor performance

                ! c: the clock is 90 s behind this host's
                    sudo timedatectl set-ntp true  # or: sudo chronyc makestep
                """)
        #expect(cluster.silent == ["d"])
    }

    @Test func `a host's report is read as it was written`() throws {
        let written = try JSONEncoder().encode(report("a", fine, at: 12))
        let read = try JSONDecoder().decode(HostReport.self, from: written)
        #expect(read.text(ranks: 1) == report("a", fine).text(ranks: 1) && read.clock.rawValue == 12)
    }
}

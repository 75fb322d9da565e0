/// Something about a host that makes training slower than it could be, or ends it, and the command that mends it.
package struct HostFinding: Codable, Hashable, Sendable {
    package enum Subject: String, Codable, CaseIterable, Sendable {
        case blas, hugePages, governor, memory, descriptors, mpi, sharedMemory, fabric, lockedMemory, store, disk
        case clock, locale
    }

    package let subject: Subject
    package let sentence: String
    package let command: String
}

extension HostReadings {
    /// What is to be mended, the most harmful first.
    package var findings: [HostFinding] {
        [
            mpiFinding, storeFinding, memoryFinding, sharedMemoryFinding, descriptorFinding, blasFinding,
            governorFinding, hugePageFinding, fabricFinding, lockedMemoryFinding, diskFinding, clockFinding,
            localeFinding,
        ].compactMap(\.self)
    }

    private var blasFinding: HostFinding? {
        guard blasCore.lowercased() != bestBLASCore.lowercased() else { return nil }
        return HostFinding(
            subject: .blas,
            sentence: "OpenBLAS computes for \(blasCore), but this processor could do as \(bestBLASCore)",
            command: prescribesBLASCore
                ? "unset HEADSTART_BLAS_CORE" : "sudo apt-get install --only-upgrade libopenblas0-pthread")
    }

    private var hugePageFinding: HostFinding? {
        switch hugePages {
        case "never":
            HostFinding(
                subject: .hugePages,
                sentence: "the system makes no huge pages, so that large matrices take more of its page tables",
                command: "echo always | sudo tee /sys/kernel/mm/transparent_hugepage/enabled")
        case "madvise" where !asksForHugePages:
            HostFinding(
                subject: .hugePages,
                sentence: "the system makes huge pages only for who asks, and memory is not asked for so",
                command: "export GLIBC_TUNABLES=glibc.malloc.hugetlb=1")
        default: nil
        }
    }

    private var governorFinding: HostFinding? {
        guard let governor, ["powersave", "conservative"].contains(governor) else { return nil }
        return HostFinding(
            subject: .governor, sentence: "the processor's clock is kept low by the governor '\(governor)'",
            command: "sudo cpupower frequency-set --governor performance")
    }

    private var memoryFinding: HostFinding? {
        guard let limit = memoryLimits.min(by: { $0.bytes < $1.bytes }) else { return nil }
        let (allowed, whole) = (memory(bytes: limit.bytes), memory(bytes: memoryBytes))
        let (who, command) =
            switch limit.origin {
            case .slurm: ("the Slurm job", "sbatch --mem=0")
            case .cgroup:
                ("the control group, as of a container or a batch system,", "headstart run --memory \(limit.bytes)")
            case .ulimit: ("ulimit -v", "ulimit -v unlimited")
            }
        return HostFinding(
            subject: .memory, sentence: "\(who) allows \(allowed) of the machine's \(whole) of memory", command: command
        )
    }

    private var descriptorFinding: HostFinding? {
        guard descriptors < 1024 else { return nil }
        return HostFinding(
            subject: .descriptors, sentence: "a process may have only \(descriptors) files and connections",
            command: "ulimit -n 4096")
    }

    private var mpiFinding: HostFinding? {
        let command = "sudo apt-get install \(mpiPackage)"
        if !hasMPI {
            return HostFinding(
                subject: .mpi, sentence: "mpirun is not installed, without which no worker group starts",
                command: command)
        }
        guard hasOtherMPI else { return nil }
        return HostFinding(
            subject: .mpi,
            sentence: "mpirun is not that of \(builtWithMPI), which this program was built with: ranks would not meet",
            command: "\(command)  # or build for the other: HEADSTART_MPI=mpich scripts/build")
    }

    /// Open MPI takes some megabytes for each rank; containers have 64 of them unless told otherwise.
    private var sharedMemoryFinding: HostFinding? {
        guard let sharedMemoryBytes, sharedMemoryBytes < 256 << 20 else { return nil }
        return HostFinding(
            subject: .sharedMemory,
            sentence: "/dev/shm, through which the ranks of a host talk, has \(memory(bytes: sharedMemoryBytes))",
            command: "sudo mount -o remount,size=1G /dev/shm  # of a container: docker run --shm-size=1g")
    }

    private var fabricFinding: HostFinding? {
        guard !fabrics.isEmpty, !usesFabrics else { return nil }
        return HostFinding(
            subject: .fabric,
            sentence: "there is a fast network (\(fabrics.joined(separator: ", "))), and this Open MPI cannot use it",
            command: "sudo apt-get install libucx0 libopenmpi3  # or the site's own: module load openmpi")
    }

    private var lockedMemoryFinding: HostFinding? {
        guard !fabrics.isEmpty, let lockedBytes, lockedBytes < 1 << 30 else { return nil }
        return HostFinding(
            subject: .lockedMemory,
            sentence:
                "\(memory(bytes: lockedBytes)) may be locked in memory, too little for \(fabrics.joined(separator: ", "))",
            command: "ulimit -l unlimited  # for good: '* - memlock unlimited' in /etc/security/limits.conf")
    }

    private var storeFinding: HostFinding? {
        guard let storeProblem else { return nil }
        return HostFinding(
            subject: .store, sentence: "nothing can be written to \(store): \(storeProblem)",
            command: "ls -ld \(store); df -h \(store); df -i \(store)")
    }

    /// A coordinator waits for the disk once a turn.
    private var diskFinding: HostFinding? {
        guard let syncMilliseconds, syncMilliseconds > 50 else { return nil }
        return HostFinding(
            subject: .disk,
            sentence:
                "the disk of \(store) takes \(decimals(syncMilliseconds, 0)) ms to keep a few bytes for good, and a "
                + "coordinator waits for that whenever it decides something",
            command: "headstart run --store \"${TMPDIR:-/tmp}/results\"  # a disk of the host; not one of memory")
    }

    private var clockFinding: HostFinding? {
        guard let clockOffsetSeconds, abs(clockOffsetSeconds) > 2 else { return nil }
        let way = clockOffsetSeconds > 0 ? "behind" : "before"
        return HostFinding(
            subject: .clock,
            sentence:
                "the clock is \(decimals(abs(clockOffsetSeconds), 0)) s \(way) that of the file system of \(store)",
            command: HostFinding.clockCommand)
    }

    private var localeFinding: HostFinding? {
        let name = (locale ?? "").lowercased()
        guard !name.contains("utf-8"), !name.contains("utf8") else { return nil }
        return HostFinding(
            subject: .locale,
            sentence: "the locale is '\(locale ?? "C")', which has no letters such as ± of tables and α of names",
            command: "export LC_ALL=C.UTF-8")
    }
}

extension HostFinding {
    static let clockCommand = "sudo timedatectl set-ntp true  # or: sudo chronyc makestep"
}

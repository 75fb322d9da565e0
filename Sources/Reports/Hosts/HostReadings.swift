import Files
import Foundation

/// What a host's system tells of itself as far as training is slower, or ends, for it: what `headstart doctor` judges.
package struct HostReadings: Codable, Hashable, Sendable {
    /// The core type that OpenBLAS computes for, and the best that the processor has.
    package var blasCore = ""
    package var bestBLASCore = ""
    /// Whether a variable of ours prescribes the core type.
    package var prescribesBLASCore = false
    /// When the system makes huge pages: always, madvise or never; nil where it does not tell.
    package var hugePages: String?
    /// Whether memory is asked for with huge pages where that takes asking.
    package var asksForHugePages = false
    /// By what rule the processor's clock rises; nil where the system does not tell.
    package var governor: String?
    package var memoryBytes = 0
    package var memoryLimits: [MemoryLimit] = []
    /// Files and connections that a process may have.
    package var descriptors = Int.max
    package var hasMPI = true
    /// The MPI that the program was built with, and the package of its mpirun.
    package var builtWithMPI = "Open MPI"
    package var mpiPackage = "openmpi-bin"
    /// Whether the mpirun that is there is another's.
    package var hasOtherMPI = false
    /// What Open MPI's ranks of a host send through; nil where there is no such place.
    package var sharedMemoryBytes: Int?
    /// Devices of a fast network, and whether this Open MPI knows how to use one.
    package var fabrics: [String] = []
    package var usesFabrics = true
    /// What may be kept from being swapped out, which such devices need; nil for all.
    package var lockedBytes: Int?
    /// Where a store is, or would be.
    package var store = "."
    /// The median time until a few bytes in the store's folder are on its disk for good; nil where none could be written.
    package var syncMilliseconds: Double?
    /// Why nothing could be written there.
    package var storeProblem: String?
    /// The store's file system less this host: by how many seconds their clocks differ; nil where nothing was written.
    package var clockOffsetSeconds: Double?
    /// The name of the locale in which text is shown; nil where none is set.
    package var locale: String?

    package init() {}

    /// What allows a process less memory than the machine has.
    package struct MemoryLimit: Codable, Hashable, Sendable {
        package enum Origin: String, Codable, Sendable {
            case cgroup, ulimit, slurm
        }

        package let origin: Origin
        package let bytes: Int

        package init(_ origin: Origin, bytes: Int) {
            self.origin = origin
            self.bytes = bytes
        }
    }

    /// What a process here may have of the memory.
    package var allowedBytes: Int { memoryLimits.map(\.bytes).reduce(memoryBytes, min) }
}

extension HostReadings {
    /// What the files under /proc and /sys and the environment say.
    /// - Parameters:
    ///   - text: of a file; nil where there is none.
    ///   - names: of what lies in a folder.
    ///   - addressBytes: what `ulimit -v` allows; nil for all.
    package init(
        text: (String) -> String?, names: (String) -> [String], environment: [String: String], memoryBytes: Int,
        addressBytes: Int?
    ) {
        func word(_ path: String) -> String? { text(path)?.trimmingCharacters(in: .whitespacesAndNewlines) }
        hugePages = word("/sys/kernel/mm/transparent_hugepage/enabled")
            .flatMap { $0.firstMatch(of: /\[(\w+)\]/).map { String($0.1) } }
        asksForHugePages = environment["GLIBC_TUNABLES"]?.contains("glibc.malloc.hugetlb=1") ?? false
        prescribesBLASCore = environment["HEADSTART_BLAS_CORE"] != nil
        governor = word("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
        self.memoryBytes = memoryBytes
        let limits: [(MemoryLimit.Origin, Int?)] = [
            (.cgroup, Self.groupBytes(text)), (.ulimit, addressBytes), (.slurm, Self.jobBytes(environment)),
        ]
        memoryLimits = limits.compactMap { origin, bytes in
            bytes.flatMap { $0 < memoryBytes ? MemoryLimit(origin, bytes: $0) : nil }
        }
        fabrics = names("/sys/class/infiniband").sorted()
        locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty }
    }

    /// The least that this process's control group, or one around it, allows: version 2 of them has one tree, version 1 one
    /// for memory.
    private static func groupBytes(_ text: (String) -> String?) -> Int? {
        let lines = text("/proc/self/cgroup")?.split(separator: "\n") ?? []
        let groups = lines.flatMap { line -> [String] in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { return [] }
            if fields[0] == "0" { return around(fields[2]).map { "/sys/fs/cgroup\($0)/memory.max" } }
            guard fields[1].split(separator: ",").contains("memory") else { return [] }
            return around(fields[2]).map { "/sys/fs/cgroup/memory\($0)/memory.limit_in_bytes" }
        }
        return groups.compactMap { text($0).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) } }.min()
    }

    /// The path and those above it, up to the root, which is empty.
    private static func around(_ path: String) -> [String] {
        path == "/" || path.isEmpty ? [""] : [path] + around(Path.folder(of: path))
    }

    /// What Slurm gave the job on this host: megabytes of the host, or of each of its processors.
    private static func jobBytes(_ environment: [String: String]) -> Int? {
        let number = { (name: String) in environment[name].flatMap { Int($0) } }
        let megabytes =
            number("SLURM_MEM_PER_NODE")
            ?? number("SLURM_MEM_PER_CPU").map { $0 * (number("SLURM_CPUS_ON_NODE") ?? 1) }
        // 0 stands for all of it.
        return megabytes.flatMap { $0 > 0 ? $0 << 20 : nil }
    }
}

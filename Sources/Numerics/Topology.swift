import CHwloc
import Foundation

/// The cores that a process may use, in the order in which they share caches and memory, as hwloc finds them.
package struct Topology: Equatable, Sendable {
    /// For each core its hardware threads, by the system's numbers.
    package let cores: [[Int]]
    /// Memories near to some of the cores: 1 unless the host is a NUMA one.
    package let memories: Int
    /// Whether hwloc told nothing, and which cores there are is not known.
    private let isGuessed: Bool

    /// This machine's, as far as a batch system, a container or `taskset` leaves them to this process: as it was when first
    /// asked for.
    package static let here = Topology { topology in
        guard hwloc_topology_load(topology) == 0, let allowed = hwloc_bitmap_alloc() else { return false }
        defer { hwloc_bitmap_free(allowed) }
        return hwloc_get_cpubind(topology, allowed, Int32(HWLOC_CPUBIND_PROCESS.rawValue)) == 0
            && hwloc_topology_restrict(topology, allowed, UInt(HWLOC_RESTRICT_FLAG_REMOVE_CPULESS.rawValue)) == 0
    }

    /// - Parameter description: as hwloc has it: "numa:2 core:4 pu:2".
    package init(synthetic description: String) {
        self.init { hwloc_topology_set_synthetic($0, description) == 0 && hwloc_topology_load($0) == 0 }
    }

    /// - Parameter load: whether it succeeded; what fails leaves as many cores as Foundation counts.
    private init(_ load: (hwloc_topology_t) -> Bool) {
        var topology: hwloc_topology_t?
        var cores: [[Int]] = []
        var memories = 1
        if hwloc_topology_init(&topology) == 0, let topology {
            if load(topology) {
                cores = Self.threads(of: HWLOC_OBJ_CORE, in: topology)
                if cores.isEmpty { cores = Self.threads(of: HWLOC_OBJ_PU, in: topology) }
                memories = max(1, Int(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE)))
            }
            hwloc_topology_destroy(topology)
        }
        isGuessed = cores.isEmpty
        self.cores = cores.isEmpty ? (0..<ProcessInfo.processInfo.activeProcessorCount).map { [$0] } : cores
        self.memories = memories
    }

    private static func threads(of type: hwloc_obj_type_t, in topology: hwloc_topology_t) -> [[Int]] {
        (0..<max(0, hwloc_get_nbobjs_by_type(topology, type))).compactMap { number in
            hwloc_get_obj_by_type(topology, type, UInt32(number)).map { core in
                var threads: [Int] = []
                var thread = hwloc_bitmap_first(core.pointee.cpuset)
                while thread >= 0 {
                    threads.append(Int(thread))
                    thread = hwloc_bitmap_next(core.pointee.cpuset, thread)
                }
                return threads
            }
        }
    }

    /// The cores of one of so many processes, side by side; nil where there are not enough for each to have its own, or
    /// where one process has them all.
    package func share(of process: Int, among processes: Int) -> [[Int]]? {
        guard !isGuessed, processes > 1, processes <= cores.count else { return nil }
        return Array(cores[cores.count * process / processes..<cores.count * (process + 1) / processes])
    }

    /// How many processes each of so many groups has where there is one for each memory: threads then compute on what is near
    /// to them.
    package func processes(ofEachOf groups: Int) -> Int { max(1, memories / max(1, groups)) }

    /// Keeps this process's threads, and those that they start, to these cores. The system moves threads among them: where
    /// other processes use the same cores, a thread that could not make way would hold up all others.
    /// - Returns: whether the system allowed it.
    package static func bind(to cores: [[Int]]) -> Bool {
        var topology: hwloc_topology_t?
        guard hwloc_topology_init(&topology) == 0, let topology else { return false }
        defer { hwloc_topology_destroy(topology) }
        guard hwloc_topology_load(topology) == 0, let set = hwloc_bitmap_alloc() else { return false }
        defer { hwloc_bitmap_free(set) }
        for thread in cores.joined() { hwloc_bitmap_set(set, UInt32(thread)) }
        return hwloc_set_cpubind(topology, set, Int32(HWLOC_CPUBIND_PROCESS.rawValue)) == 0
    }
}

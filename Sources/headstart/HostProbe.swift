import Collectives
import Experiments
import Files
import Foundation
import Numerics
import Reports
import Transport

extension HostReadings {
    /// What this host's files and environment say; nothing is tried or measured.
    static var here: HostReadings {
        HostReadings(
            text: { path in
                // What a system does not have says nothing.
                do { return String(decoding: try Disk.read(path), as: UTF8.self) } catch { return nil }
            },
            names: Directory.names, environment: ProcessInfo.processInfo.environment,
            memoryBytes: Int(ProcessInfo.processInfo.physicalMemory), addressBytes: limit(RLIMIT_AS))
    }

    /// With what has to be tried, too.
    /// - Parameter store: a folder that is there, or would be.
    static func probed(store: String, mpi: (library: MPILibrary, name: String)?) -> HostReadings {
        var readings = here
        readings.blasCore = BLASCore.current
        readings.bestBLASCore = BLASCore.best
        readings.descriptors = Descriptors.raiseLimit()
        readings.hasMPI = mpi != nil
        readings.builtWithMPI = MPILibrary.builtWith
        readings.mpiPackage = MPILibrary.current.package
        readings.hasOtherMPI = mpi.map { $0.library != .current } ?? false
        readings.lockedBytes = limit(__RLIMIT_MEMLOCK)
        readings.sharedMemoryBytes = byteCount(ofFileSystem: "/dev/shm")
        if !readings.fabrics.isEmpty {
            let parts = capture("ompi_info", ["--parsable"]) ?? ""
            readings.usesFabrics = ["ucx", "ofi", "psm", "psm2", "openib"].contains { name in
                ["pml", "mtl", "btl"].contains { parts.contains("mca:\($0):\(name):") }
            }
        }
        readings.store = store
        do throws(FileError) {
            let disk = try DiskProbe.measured(in: store)
            readings.syncMilliseconds = disk.syncMilliseconds
            readings.clockOffsetSeconds = disk.clockOffsetSeconds
        } catch {
            readings.storeProblem = error.reason
        }
        return readings
    }

    /// nil for no limit.
    private static func limit(_ resource: __rlimit_resource) -> Int? {
        var limits = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(resource.rawValue), &limits) == 0
        return isKnown && limits.rlim_cur < rlim_t(Int.max) ? Int(limits.rlim_cur) : nil
    }

    private static func byteCount(ofFileSystem path: String) -> Int? {
        var status = statvfs()
        return statvfs(path, &status) == 0 ? Int(status.f_blocks) * Int(status.f_frsize) : nil
    }
}

/// How long a folder's disk takes to keep something for good, and what time its file system has.
private struct DiskProbe {
    let syncMilliseconds: Double
    let clockOffsetSeconds: Double

    /// - Parameter folder: where it is not there yet, the one around it counts in which it would be made.
    static func measured(in folder: String) throws(FileError) -> DiskProbe {
        var place = Path.absolute(folder)
        while !Directory.isThere(place), place != "/" { place = Path.folder(of: place) }
        let path = "\(place)/.headstart-doctor.\(getpid())"
        var offset = 0.0
        var durations: [Duration] = []
        do throws(FileError) {
            try Disk.open(path, O_EXCL) { file throws(FileError) in
                let before = Date.now
                try file.write([UInt8](repeating: 0, count: 4096))
                offset = (modified(file.descriptor) ?? before).timeIntervalSince(before)
                let end = ContinuousClock.now + .seconds(2)
                repeat {
                    let start = ContinuousClock.now
                    try file.write([0], at: 0)
                    try file.synchronize()
                    durations.append(start.duration(to: .now))
                } while durations.count < 5 && ContinuousClock.now < end
            }
        } catch {
            // What stands in the way of the file tells more than that it cannot be removed.
            unlink(path)
            throw error
        }
        try Disk.remove(path)
        return DiskProbe(
            syncMilliseconds: durations.sorted()[durations.count / 2] / .milliseconds(1), clockOffsetSeconds: offset)
    }

    private static func modified(_ descriptor: Int32) -> Date? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        return Date(
            timeIntervalSince1970: Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1_000_000_000)
    }
}

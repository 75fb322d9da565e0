import CMPI
import Foundation

/// The MPI that the program was built with. Ranks are those of its own mpirun alone: another's starts each of them as one
/// rank of one.
package enum MPILibrary: Sendable {
    case openMPI, mpich

    package static let current: MPILibrary = cmpi_built_with() == CMPI_MPICH ? .mpich : .openMPI

    /// As "Open MPI 4.1.4" or "MPICH 4.0.2".
    package static let builtWith = "\(current.name) \(String(cString: cmpi_release()))"

    /// What people call it.
    package var name: String {
        switch self {
        case .openMPI: "Open MPI"
        case .mpich: "MPICH"
        }
    }

    /// What starts ranks. Where both are installed, Debian calls MPICH's so, and `mpirun` is the other.
    package var launcher: String {
        switch self {
        case .openMPI: "mpirun"
        case .mpich: isOnPath("mpirun.mpich") ? "mpirun.mpich" : "mpirun"
        }
    }

    /// What Debian calls the package with the launcher.
    package var package: String {
        switch self {
        case .openMPI: "openmpi-bin"
        case .mpich: "mpich"
        }
    }

    /// What to do where it is missing.
    package var advice: String { "install \(name) (Debian and Ubuntu: apt-get install \(package))" }

    /// Which of them a launcher is, and what it says of itself.
    ///
    /// - Parameter version: what it prints with --version.
    /// - Returns: nil for one of neither.
    package static func named(in version: String) -> (library: MPILibrary, name: String)? {
        let lines = version.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        guard let first = lines.first else { return nil }
        if first.contains(MPILibrary.openMPI.name) { return (.openMPI, first) }
        guard first.hasPrefix("HYDRA") else { return nil }
        let number = lines.first { $0.hasPrefix("Version:") }?.dropFirst("Version:".count)
        let suffix = number.map { " " + $0.trimmingCharacters(in: .whitespaces) } ?? ""
        return (.mpich, "mpirun (\(MPILibrary.mpich.name))\(suffix)")
    }

    private func isOnPath(_ name: String) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").contains { access("\($0)/\(name)", X_OK) == 0 }
    }
}

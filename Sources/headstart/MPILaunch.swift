import Collectives
import Foundation

/// Starting this program anew as several ranks.
enum MPILaunch {
    /// Whether mpirun started this process.
    static var isRank: Bool { MPIRun.rank != nil }

    /// Whether this process speaks for its group.
    static var speaks: Bool { (MPIRun.rank ?? 0) == 0 }

    /// Becomes `mpirun` over `ranks` processes with this program's own arguments; returns only by throwing.
    static func become(ranks: Int) throws -> Never {
        let environment = MPIRun.environment().merging(MPIRun.environment(ofGroup: 0, of: 1)) { _, new in new }
        for (name, value) in environment { setenv(name, value, 1) }
        let launcher = MPILibrary.current.launcher
        let words =
            [launcher] + MPIRun.arguments(ranks: ranks, mayOutnumberCores: true) + [try Machine.program()]
            + joined(Array(CommandLine.arguments.dropFirst()))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        execvp(launcher, &arguments)
        throw WorkFailed("\(launcher) cannot be started; \(MPILibrary.current.advice), or train with one rank")
    }

    /// The arguments with `--tune all` as `--tune=all`: mpirun looks for options of its own behind the program's name,
    /// too, and has a `--tune`.
    private static func joined(_ arguments: [String]) -> [String] {
        guard let place = arguments.firstIndex(of: "--tune"), place + 1 < arguments.count else { return arguments }
        return arguments[..<place] + ["--tune=\(arguments[place + 1])"] + arguments[(place + 2)...]
    }
}

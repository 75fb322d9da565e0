import ArgumentParser
import Foundation

/// How long a job may take: "3600" seconds, or as batch systems write it, "4:00:00", "2-12:00:00" with days before the hours.
struct TimeLimit: ExpressibleByArgument, CustomStringConvertible {
    let seconds: Int

    init(seconds: Int) { self.seconds = seconds }

    init?(argument: String) {
        let parts = argument.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let fields = (parts.last ?? "").split(separator: ":", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
        guard let days = parts.count == 1 ? 0 : Int(parts[0]), parts.count == 1 || fields.count == 3,
            fields.count == 1 || fields.count == 3, fields.allSatisfy({ 0..<(1 << 32) ~= $0 }), 0..<(1 << 16) ~= days
        else { return nil }
        seconds = days * 86_400 + fields.reduce(0) { $0 * 60 + $1 }
        guard seconds > 0 else { return nil }
    }

    /// In hours, minutes and seconds.
    var description: String {
        String(format: "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

/// When the job that this process belongs to is ended by its batch system.
enum JobEnd {
    /// Tells the processes that this one starts, which begin later.
    private static let variable = "HEADSTART_JOB_END"

    /// Seconds since 1970: as the one that started this process says, else as a person or the batch system does.
    static func time(
        _ limit: TimeLimit?, environment: [String: String] = ProcessInfo.processInfo.environment, now: Date = .now
    ) -> Double? {
        let begin = now.timeIntervalSince1970
        if let known = environment[variable].flatMap(Double.init) { return known }
        if let limit { return begin + Double(limit.seconds) }
        if let end = environment["SLURM_JOB_END_TIME"].flatMap(Double.init) { return end }
        // Of those that tell the time that a job has in all, its first process is here soon after the begin.
        return environment["PBS_WALLTIME"].flatMap(Double.init).map { begin + $0 }
    }

    static func hand(on time: Double?) {
        if let time { setenv(variable, "\(Int(time))", 1) }
    }
}

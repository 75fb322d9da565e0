import ArgumentParser
import Foundation
import Scheduler

/// The batch systems that worker jobs are submitted to: the commands of each, and what these answer.
enum BatchSystem: String, CaseIterable, ExpressibleByArgument {
    case slurm, pbs

    /// The command that submits a job.
    var submitter: String {
        switch self {
        case .slurm: "sbatch"
        case .pbs: "qsub"
        }
    }

    /// - Throws: `BadRequest` where its commands are not there.
    func demand() throws {
        guard capture(submitter, ["--version"]) != nil else {
            throw BadRequest("\(submitter) does not run here; give this command on a host where jobs are submitted")
        }
    }

    /// The command that submits a job, but for its script, which it reads.
    /// - Parameter more: options of the person's own, which come last and so count.
    func submission(name: String, limit: TimeLimit, _ more: [String]) -> [String] {
        switch self {
        case .slurm:
            [submitter, "--parsable", "--job-name", name, "--time", "\(limit)", "--nodes", "1", "--requeue"] + more
        case .pbs: [submitter, "-N", name, "-l", "walltime=\(limit)", "-r", "y"] + more
        }
    }

    /// - Returns: the job's name for the batch system.
    func submit(_ command: [String], script: String) throws -> JobID {
        let answer = try headstart.output(of: submitter, Array(command.dropFirst()), input: script)
        // Slurm names the cluster behind the number, where there are several.
        let id = answer.split(whereSeparator: \.isNewline).last?.split(separator: ";").first ?? ""
        guard !id.isEmpty else { throw WorkFailed("\(submitter) named no job") }
        return JobID(rawValue: String(id))
    }

    /// The jobs of this name that wait, and those that run.
    func jobs(named name: String) throws -> (queued: [JobID], running: [JobID]) {
        switch self {
        case .slurm:
            let list = try headstart.output(of: "squeue", ["--me", "--noheader", "--name", name, "--format", "%i %t"])
            let jobs = list.split(whereSeparator: \.isNewline).map { $0.split(separator: " ") }.filter { $0.count == 2 }
            // Those that end or have ended count no more: they bring nobody.
            return (ids(jobs.filter { $0[1] == "PD" }), ids(jobs.filter { ["R", "CF", "S"].contains($0[1]) }))
        case .pbs: return (try selected(name, states: "QHWT"), try selected(name, states: "RS"))
        }
    }

    private func selected(_ name: String, states: String) throws -> [JobID] {
        let user = NSUserName()
        let list = try headstart.output(of: "qselect", ["-u", user, "-N", name, "-s", states])
        return ids(list.split(whereSeparator: \.isNewline).map { [$0] })
    }

    private func ids(_ lines: [[Substring]]) -> [JobID] {
        lines.compactMap { $0.first.map { JobID(rawValue: String($0)) } }
    }

    /// The command that takes jobs back.
    var canceller: String {
        switch self {
        case .slurm: "scancel"
        case .pbs: "qdel"
        }
    }

    func cancel(_ jobs: [JobID]) throws {
        _ = try headstart.output(of: canceller, jobs.map(\.rawValue))
    }
}

import ArgumentParser
import Experiments
import Ledger
import Reports

struct StoreOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The folder of the ledger, the artifacts and the logs.", valueName: "directory"),
        completion: .directory)
    var store: String
}

/// One sweep of a store.
struct StoredSweepOptions: ParsableArguments {
    @OptionGroup var store: StoreOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The sweep, or NAME~1 for the settings it had before; the one asked for last otherwise.", valueName: "name"),
        completion: .sweeps)
    var sweep: String?

    func snapshot() throws -> SweepSnapshot { try LedgerReader(store: store.store).snapshot(ofSweep: sweep) }

    /// The sweep and what it was before.
    func snapshotWithPast() throws -> SweepSnapshot {
        try LedgerReader(store: store.store).snapshotWithPast(ofSweep: sweep)
    }
}

extension LedgerReader {
    /// Where the sweep of this name stands; without a name, the one asked for last.
    func snapshot(ofSweep name: String?) throws -> SweepSnapshot {
        try snapshot(of: try sweep(named: name).plan)
    }

    /// Where a sweep stands. Stages the ledger has not met wait.
    func snapshot(of plan: SweepPlan) throws -> SweepSnapshot {
        SweepSnapshot(plan, try stages(of: plan))
    }

    /// The sweep that a person names, as `reviews` or `reviews~1`; without a name, the one asked for last.
    func sweep(named name: String?) throws -> SweepEntry { try entry(try heading(named: name)) }

    func heading(named name: String?) throws -> SweepHeading { try heading(named: name, of: try headings()) }

    private func heading(named name: String?, of headings: [SweepHeading]) throws -> SweepHeading {
        guard let name else {
            if let last = headings.last { return last }
            throw BadRequest("\(store): no sweep was run here yet")
        }
        let (references, wanted) = (headings.references, SweepReference(name))
        if let place = references.firstIndex(of: wanted) { return headings[place] }
        let count = references.count { $0.name == wanted.name }
        guard count == 0 else {
            throw BadRequest(
                "\(store): there is no '\(wanted)': \(wanted.name) was run with \(counted(count, "setting")) here, and "
                    + "the first is \(SweepReference(name: wanted.name, age: count - 1))")
        }
        let names = Set(references.map(\.name)).sorted().joined(separator: ", ")
        throw BadRequest("\(store): no sweep '\(name)' here; there are: \(names.isEmpty ? "none" : names)")
    }

    func snapshotWithPast(ofSweep name: String?) throws -> SweepSnapshot {
        let headings = try headings()
        let heading = try heading(named: name, of: headings)
        let named = zip(headings.references, headings).filter { $0.1.name == heading.name }
        let plan = try entry(heading).plan
        var snapshot = try snapshot(of: plan)
        // From the last to the first, so that a row counts among the latest settings that have it.
        guard let place = named.firstIndex(where: { $0.1 == heading }) else { return snapshot }
        var later = [plan]
        for (reference, heading) in named[..<place].reversed() {
            let entry = try entry(heading)
            if let past = EarlierSettings(reference, entry.plan, at: entry.plannedAt, try stages(of: entry.plan), later)
            {
                snapshot.earlier.append(past)
            }
            later.append(entry.plan)
        }
        return snapshot
    }
}

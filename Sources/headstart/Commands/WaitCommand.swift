import ArgumentParser
import Experiments
import Foundation
import Ledger

struct WaitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Waits until a sweep that another process runs has ended.",
        discussion: """
            Exit status as that of `run`: 0 where every cell of the table has its stages, 1 where one failed, or where \
            the coordinator has gone and left stages open.

            EXAMPLE
              headstart wait --store results && headstart results --store results
            """)

    @OptionGroup var sweep: StoredSweepOptions

    @Option(name: .long, help: "Seconds to wait for a coordinator where none is at work.")
    var patience = 30

    func run() throws {
        let store = sweep.store.store
        var heardAt = ContinuousClock.now
        var ledger: LedgerReader?
        var name = sweep.sweep
        while true {
            // Asked before the stages are read: a coordinator that ends between the two has committed them.
            if StoreUse.isInUse(store) { heardAt = .now }
            let isPatient = ContinuousClock.now - heardAt < .seconds(patience)
            ledger = try ledger ?? open(store, orWait: isPatient)
            if let ledger, let heading = try ledger.find(name) {
                // Another one may be asked for meanwhile.
                name = name ?? heading.name
                if try ledger.hasEnded(heading) { return try SweepOutcome(ledger.entry(heading).plan, ledger).check() }
                guard isPatient else {
                    let left = try counted(SweepOutcome(ledger.entry(heading).plan, ledger).openCount, "stage")
                    throw WorkFailed(
                        "\(store): \(left) of \(heading.name) left to do, and no coordinator is at work; start one with "
                            + "run or coordinator")
                }
            } else if !isPatient {
                _ = try LedgerReader(store: store).snapshot(ofSweep: name)
            }
            usleep(500_000)
        }
    }

    /// - Returns: nil where the ledger is not there yet.
    private func open(_ store: String, orWait isPatient: Bool) throws -> LedgerReader? {
        do throws(LedgerError) {
            return try LedgerReader(store: store)
        } catch {
            guard case .missing = error, isPatient else { throw error }
            return nil
        }
    }
}

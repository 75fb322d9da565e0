import ArgumentParser
import Experiments

/// Which stages a command is about.
struct SelectorOptions: ParsableArguments {
    @Option(name: .long, help: "Stages of this sweep alone.", completion: .sweeps)
    var sweep: String?

    @Option(name: .long, help: "Stages of rows with this task.", completion: .tasks)
    var task: String?

    @Option(name: .long, help: "Stages of this method.", completion: .methods)
    var method: String?

    @Option(name: .long, help: "Stages of rows with this seed.")
    var seed: UInt64?

    @Option(
        name: .long,
        help: "Stages that stand so: \(StageState.allCases.map(\.rawValue).joined(separator: ", ")).",
        completion: .list(StageState.allCases.map(\.rawValue)), transform: Self.state)
    var state: StageState?

    @Option(name: .long, help: "The first digits of a stage's key.", completion: .stages)
    var key: String?

    @Flag(name: .long, help: "All stages.")
    var all = false

    func validate() throws {
        guard all == (selector == .all) else {
            throw ValidationError(
                all
                    ? "--all goes alone"
                    : "say which stages: --key, --task, --method, --seed, --state, --sweep or --all")
        }
    }

    var selector: StageSelector {
        StageSelector(sweep: sweep, task: task, method: method, seed: seed, state: state, key: key)
    }

    private static func state(_ name: String) throws -> StageState {
        guard let state = StageState(rawValue: name) else {
            throw ValidationError(
                "'\(name)' is none of \(StageState.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return state
    }
}

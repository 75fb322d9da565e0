import Foundation
import Synchronization

/// Whether a signal asked this process to leave: SIGTERM, SIGINT, or SIGUSR1, which is the one that mpirun hands on
/// to its ranks without ending them itself.
package enum StopSignal {
    private static let wasRaised = Atomic<Bool>(false)

    /// Takes the signals from now on.
    package static func watch() {
        // The flag is made here, and not in the handler, where nothing may be allocated.
        _ = isRaised
        for number in [SIGTERM, SIGINT, SIGUSR1] {
            signal(number) { _ in StopSignal.wasRaised.store(true, ordering: .relaxed) }
        }
    }

    package static var isRaised: Bool { wasRaised.load(ordering: .relaxed) }

    static func raise() { wasRaised.store(true, ordering: .relaxed) }
}

import Foundation
import Synchronization
import Transport

/// Whether a signal asked this process to leave: SIGTERM, SIGINT, SIGHUP, or SIGUSR1, which is the one that mpirun hands
/// on to its ranks without ending them itself.
///
/// It is a counter that the handler raises, and not the coordinator's dispatch source: ranks have no loop to be woken, they
/// look between two steps.
package enum StopSignal {
    private static let count = Atomic<Int>(0)
    private static let last = Atomic<Int32>(0)

    /// Takes the signals from now on.
    package static func watch() {
        // The counters are made here, and not in the handler, where nothing may be allocated.
        _ = (isRaised, number)
        hear([SIGTERM, SIGINT, SIGUSR1]) { StopSignal.raise($0) }
    }

    /// Takes the next of the signals; one more has its usual meaning, so that it ends what hears late.
    package static func watchOnce() {
        _ = (isRaised, number)
        hear([SIGTERM, SIGINT]) {
            signal($0, SIG_DFL)
            StopSignal.raise($0)
        }
    }

    /// SIGHUP is heard, too, but where whoever started this process with `nohup` wants it to outlive the terminal.
    private static func hear(_ numbers: [Int32], _ handler: @escaping @convention(c) (Int32) -> Void) {
        // Whoever was started from a thread of libdispatch's begins with almost all signals blocked.
        var heard = sigset_t()
        sigemptyset(&heard)
        for number in numbers + (Signals.isIgnored(SIGHUP) ? [] : [SIGHUP]) {
            signal(number, handler)
            sigaddset(&heard, number)
        }
        pthread_sigmask(SIG_UNBLOCK, &heard, nil)
    }

    /// The signal that was raised last; 0 where none was.
    package static var number: Int32 { last.load(ordering: .relaxed) }

    package static var isRaised: Bool { count.load(ordering: .relaxed) > 0 }

    /// Whether it was asked again: then it is to end at once.
    package static var isRepeated: Bool { count.load(ordering: .relaxed) > 1 }

    static func raise(_ number: Int32 = SIGTERM) {
        last.store(number, ordering: .relaxed)
        count.add(1, ordering: .relaxed)
    }
}

import Foundation
import Synchronization

extension Thread {
    /// Does something on a thread of its own.
    /// - Returns: what waits for its result.
    static func result<Value: Sendable>(of work: @escaping @Sendable () throws -> Value) -> () throws -> Value {
        let place = ThreadResult<Value>()
        Thread { place.fill(Result(catching: work)) }.start()
        return { try place.take().get() }
    }
}

private final class ThreadResult<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let end = DispatchSemaphore(value: 0)

    func fill(_ value: Result<Value, any Error>) {
        result.withLock { $0 = value }
        end.signal()
    }

    func take() throws -> Result<Value, any Error> {
        end.wait()
        defer { end.signal() }
        guard let value = result.withLock({ $0 }) else { throw WorkFailed("a thread ended without a result") }
        return value
    }
}

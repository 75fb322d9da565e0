import Foundation
import TestKit
import Transport

let limits = MessageLimits(frameBytes: 1 << 20)
let anyLoopbackPort = Endpoint.tcp(host: "127.0.0.1", port: nil)

/// Calls `attempt` until it gives a value.
/// - Returns: nil when there was none for `seconds`.
func eventually<Value>(within seconds: Double = 10, _ attempt: () throws -> Value?) rethrows -> Value? {
    let end = Date().addingTimeInterval(seconds)
    while Date() < end {
        if let value = try attempt() { return value }
        usleep(2000)
    }
    return nil
}

func frames(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }

/// Runs the body with a new directory, and removes it.
func withDirectory<Value>(_ body: (String) throws -> Value) throws -> Value {
    let folder = try TemporaryFolder()
    return try withExtendedLifetime(folder) { try body(folder.path) }
}

import CMPI

/// A call to MPI that failed. The group cannot go on: the process ends, and mpirun ends the other ranks.
package struct MPIError: Error, Equatable, Sendable, CustomStringConvertible {
    package let call: String
    package let reason: String

    package init(call: String, reason: String) {
        self.call = call
        self.reason = reason
    }

    package var description: String { "\(call): \(reason)" }
}

/// Turns a code other than success into an error that names the call.
func demandSuccess(_ code: Int32, in call: String) throws(MPIError) {
    guard code != 0 else { return }
    var text = [CChar](repeating: 0, count: 512)
    cmpi_describe(code, &text, Int32(text.count))
    let reason = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let advice = code == CMPI_MISSING ? "; \(MPILibrary.current.advice), or load its module" : ""
    throw MPIError(call: call, reason: reason + advice)
}

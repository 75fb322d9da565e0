import Foundation

/// Why a dashboard cannot be begun.
package enum DashboardError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Everybody who reaches the address would see everything.
    case unprotected(String)
    case badAddress(String, reason: String)
    case addressInUse(String)
    case failed(call: String, address: String, code: Int32)

    /// Whether it is what was asked for that cannot be, and not how this machine stands.
    package var isOfRequest: Bool {
        switch self {
        case .unprotected, .badAddress: true
        case .addressInUse, .failed: false
        }
    }

    package var description: String {
        switch self {
        case .unprotected(let address):
            "\(address): other machines can reach the dashboard there; give --token-file FILE, which is made if it is "
                + "missing, or listen at 127.0.0.1:PORT"
        case .badAddress(let address, let reason):
            "'\(address)' is not where a dashboard can listen: \(reason); write HOST:PORT, or HOST:* for a free port"
        case .addressInUse(let address):
            "\(address): the address is in use; stop the program that listens there, or choose another port (* takes a "
                + "free one)"
        case .failed(let call, let address, let code):
            "\(address): cannot listen there: \(call): \(String(cString: strerror(code)).lowercased())"
        }
    }
}

package import Foundation

/// How often, and after how long, a server is asked again that failed to answer. A value: it is told what happened and when.
package struct Patience: Hashable, Sendable {
    package enum Decision: Hashable, Sendable {
        case wait(seconds: Double)
        case giveUp
    }

    /// Failures in a row with not a byte between.
    package private(set) var failures = 0
    /// Whether something has come; a network that was there will be there again.
    private var hasReceived = false

    package static let most = 5
    /// Nobody sits through more.
    package static let longestWait = 120.0

    package init() {}

    /// - Parameter progressed: whether bytes came since the last failure.
    package mutating func decide(after outcome: HTTPOutcome, progressed: Bool, now: Date) -> Decision {
        if progressed { (failures, hasReceived) = (0, true) }
        failures += 1
        guard failures < Self.most, let asked = Self.leastWait(outcome, hasReceived, now) else { return .giveUp }
        let seconds = max(asked, 0.5 * pow(2, Double(failures - 1)))
        return seconds <= Self.longestWait ? .wait(seconds: seconds) : .giveUp
    }

    /// - Returns: nil for what asking again would not change.
    private static func leastWait(_ outcome: HTTPOutcome, _ hasReceived: Bool, _ now: Date) -> Double? {
        switch outcome {
        case .cut: 0
        case .unreachable: hasReceived ? 0 : nil
        case .answered(let head) where [408, 429, 500, 502, 503, 504].contains(head.status):
            head.retryAfter(now: now) ?? 0
        case .answered, .untrusted, .refused, .missingLibrary: nil
        }
    }
}

extension HTTPHead {
    /// The seconds that a `Retry-After` asks for, written as such or as a date (RFC 9110, 10.2.3).
    package func retryAfter(now: Date) -> Double? {
        guard let field = fields["retry-after"] else { return nil }
        if let seconds = Double(field), seconds >= 0, seconds.isFinite { return seconds }
        let dates = DateFormatter()
        dates.locale = Locale(identifier: "en_US_POSIX")
        dates.timeZone = TimeZone(identifier: "GMT")
        dates.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return dates.date(from: field).map { max(0, $0.timeIntervalSince(now)) }
    }
}

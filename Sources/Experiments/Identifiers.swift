package import Files
package import Foundation

/// An identifier that is written as one string or number and cannot be passed for another kind of identifier.
package protocol Identifier: Hashable, Codable, Sendable, CustomStringConvertible {
    associatedtype RawValue: Hashable & Codable & Sendable
    var rawValue: RawValue { get }
    init(rawValue: RawValue)
}

extension Identifier {
    package var description: String { "\(rawValue)" }

    package init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(RawValue.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// What a stage is: the digest of its canonical specification. Equal keys are one stage.
package struct StageKey: Identifier, Comparable {
    package let rawValue: Digest
    package init(rawValue: Digest) { self.rawValue = rawValue }
    package var short: String { rawValue.short }
    package static func < (left: StageKey, right: StageKey) -> Bool { left.rawValue < right.rawValue }
}

/// An artifact's name: the digest of its bytes.
package struct ArtifactID: Identifier, Comparable {
    package let rawValue: Digest
    package init(rawValue: Digest) { self.rawValue = rawValue }
    package static func < (left: ArtifactID, right: ArtifactID) -> Bool { left.rawValue < right.rawValue }
}

/// One life of one worker group; a group that is started again has a new one.
package struct WorkerID: Identifier, Comparable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package static func < (left: WorkerID, right: WorkerID) -> Bool { left.rawValue < right.rawValue }
}

/// The number of a stage's attempt, from 1. Results of any but the current attempt are refused.
package struct Attempt: Identifier, Comparable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    package var next: Attempt { Attempt(rawValue: rawValue + 1) }
    package static func < (left: Attempt, right: Attempt) -> Bool { left.rawValue < right.rawValue }
}

/// Milliseconds since 1970, handed in from outside: nothing that decides reads a clock.
package struct Timestamp: Identifier, Comparable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.rawValue < right.rawValue }
    package func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
        Timestamp(rawValue: rawValue + milliseconds)
    }
    package func milliseconds(since earlier: Timestamp) -> Int64 { rawValue - earlier.rawValue }

    /// By the clock of this machine: for the loops.
    package static var now: Timestamp { Timestamp(Date.now) }

    package init(_ date: Date) { self.init(rawValue: Int64(date.timeIntervalSince1970 * 1000)) }
}

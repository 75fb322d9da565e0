// What people ask of a running coordinator, over a socket of its store or, with a client's key, over the network. A
// request and its reply are one frame of canonical JSON each. A request may be repeated: each says what is to be so, not
// what is to change.

package import Experiments

package enum Request: Codable, Hashable, Sendable {
    /// How the sweeps stand, what runs where, and who works.
    case status
    /// Why each of the stages stands where it does, and what would help.
    case explain(StageSelector)
    /// Begin no new attempts; those that run go on.
    case pause(StageSelector)
    case resume(StageSelector)
    case cancel(StageSelector)
    /// Run again what failed, was set aside or was cancelled.
    case retry(StageSelector)
    /// Stages of a higher priority come first; all begin with 0.
    case priority(StageSelector, Int)
    /// How much of the hosts' time the sweep has beside others; all begin with 1.
    case weight(sweep: String, Double)
    /// The host's groups finish what they train and leave, and new ones are sent away; or are welcome again.
    case drain(host: String, isOver: Bool)
    /// Another sweep on the same store, in words of `headstart run`: the sweep file and its options, with paths of the
    /// coordinator's machine.
    case submit(arguments: [String])

    package static func isName(_ name: String) -> Bool { CodingKeys(stringValue: name) != nil }
}

extension Request: WireMessage {}

package enum Reply: Codable, Hashable, Sendable {
    case status(CoordinatorReport)
    case explanations([StageExplanation])
    /// To so many stages, or groups, it made a difference.
    case done(count: Int)
    /// The sweep is planned; so many of its stages are new.
    case submitted(sweep: String, stages: Int)
    case refused(String)

    package static func isName(_ name: String) -> Bool { CodingKeys(stringValue: name) != nil }
}

extension Reply: WireMessage {}

/// Whether a sweep may have this weight.
package func isWeight(_ weight: Double) -> Bool { weight > 0 && weight.isFinite }

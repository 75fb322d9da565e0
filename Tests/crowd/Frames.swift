import Experiments
import Files
import Foundation
import Messages

/// What a fake worker takes of an assignment. The frame is searched and not decoded: thousands of workers on one thread
/// must cost less than the coordinator that they wait for.
struct AssignedStage: Equatable {
    let key: ArraySlice<UInt8>
    let attempt: ArraySlice<UInt8>
    let hasHead: Bool

    /// - Returns: nil for another message.
    init?(_ frame: [UInt8]) {
        guard frame.starts(with: #"{"assign":"#.utf8), let attempt = frame.place(after: #""attempt":"#),
            let key = frame.place(after: #""key":""#), key + 64 <= frame.count
        else { return nil }
        self.key = frame[key..<key + 64]
        self.attempt = frame[attempt...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        hasHead = frame.place(after: #""outputs":["head"]"#) != nil
    }

    func claim() throws -> Claim {
        guard let digest = Digest(hex: key.text), let number = Int(attempt.text) else {
            throw CrowdError("an assignment names no stage")
        }
        return Claim(StageKey(rawValue: digest), Attempt(rawValue: number))
    }
}

/// A message about a claim, encoded once; the claim is filled in.
struct ClaimTemplate {
    /// Before the attempt, before the stage, and after it.
    private let parts: [[UInt8]]

    init(_ worker: WorkerID, _ body: (Claim) -> FromWorker.Body) throws {
        let (stage, attempt) = (StageKey(rawValue: Digest(of: [0])), 7_654_321)
        let frame = try FromWorker(body(Claim(stage, Attempt(rawValue: attempt))), from: worker).encoded()
        let text = String(decoding: frame, as: UTF8.self)
        parts = text.split(separator: "\(attempt)").flatMap { $0.split(separator: stage.description) }.map {
            Array($0.utf8)
        }
        guard parts.count == 3 else { throw CrowdError("a claim is written otherwise now: \(text)") }
    }

    func frame(_ stage: AssignedStage) -> [UInt8] { parts[0] + stage.attempt + parts[1] + stage.key + parts[2] }
}

extension ArraySlice<UInt8> {
    var text: String { String(decoding: self, as: UTF8.self) }
}

extension [UInt8] {
    /// Behind the first place where the text stands.
    fileprivate func place(after text: StaticString) -> Int? {
        let length = text.utf8CodeUnitCount
        return withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var start = 0
            while start + length <= bytes.count,
                let found = memchr(base + start, Int32(text.utf8Start[0]), bytes.count - length + 1 - start)
            {
                start = base.distance(to: found) + 1
                if memcmp(found, text.utf8Start, length) == 0 { return start - 1 + length }
            }
            return nil
        }
    }
}

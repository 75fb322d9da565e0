import Experiments
import Foundation
import Messages
import Testing

struct MessagesTests {
    @Test(arguments: recordedFromWorker)
    func `what a worker says has its recorded bytes`(message: FromWorker, json: String) throws {
        try expect(message, isWritten: json)
    }

    @Test(arguments: recordedToWorker)
    func `what a worker is told has its recorded bytes`(message: ToWorker, json: String) throws {
        try expect(message, isWritten: json)
    }

    @Test(arguments: recordedBroadcast)
    func `what is published has its recorded bytes`(message: Broadcast, json: String) throws {
        try expect(message, isWritten: json)
    }

    @Test func `every case of every enum is recorded`() {
        #expect(Set(recordedFromWorker.map { number(of: $0.0) }) == Set(1...13))
        #expect(Set(recordedToWorker.map { number(of: $0.0) }) == Set(1...14))
        #expect(!recordedBroadcast.isEmpty)
    }

    /// Whoever adds a case is led here by the compiler, and by the numbers to the list of what is recorded.
    private func number(of message: FromWorker) -> Int {
        switch message.body {
        case .hello: 1
        case .ready: 2
        case .heartbeat: 3
        case .evaluated: 4
        case .log: 5
        case .fetch: 6
        case .offer: 7
        case .upload: 8
        case .finished: 9
        case .failed: 10
        case .goodbye: 11
        case .curve: 12
        case .list: 13
        }
    }

    private func number(of message: ToWorker) -> Int {
        switch message {
        case .welcome: 1
        case .turnedAway: 2
        case .assign: 3
        case .idle: 4
        case .dismissed: 5
        case .renewed: 6
        case .stop: 7
        case .chunk: 8
        case .missing: 9
        case .received: 10
        case .settled: 11
        case .unknownWorker: 12
        case .manifest: 13
        case .unlisted: 14
        }
    }

    @Test func `every message says who it is from`() {
        for (message, _) in recordedFromWorker { #expect(message.worker == WorkerID(rawValue: "node-3/1")) }
    }

    @Test(arguments: [
        (#"{"body":{"shout":{}},"worker":"a"}"#, MessageError.unknown("shout")),
        (#"{"body":{"ready":{},"goodbye":{}},"worker":"a"}"#, .malformed("2 names where one is due")),
        (#"{"body":{},"worker":"a"}"#, .malformed("0 names where one is due")),
    ])
    func `a frame of another shape is named for what it is`(json: String, error: MessageError) {
        #expect(throws: error) { try FromWorker.decode(Data(json.utf8)) }
    }

    @Test(arguments: [
        "", " ", "null", "[]", "7", "\"ready\"", "{", "{}", #"{"body":{"ready":{}}}"#, #"{"worker":"a"}"#,
        #"{"body":{"ready":{}},"worker":7}"#, #"{"body":{"ready":null},"worker":"a"}"#, #"{"body":7,"worker":"a"}"#,
        #"{"body":{"fetch":{"artifact":"../../etc/passwd","offset":0}},"worker":"a"}"#,
        #"{"body":{"fetch":{"artifact":"abc","offset":1e99}},"worker":"a"}"#,
        #"{"body":{"heartbeat":{"claim":{"attempt":9223372036854775808,"stage":"a"}}},"worker":"a"}"#,
    ])
    func `malformed frames are refused`(json: String) {
        let error = #expect(throws: MessageError.self) { try FromWorker.decode(Data(json.utf8)) }
        guard case .malformed = error else {
            Issue.record("\(json) gave \(String(describing: error))")
            return
        }
    }

    @Test func `a frame that is too long is not even parsed`() {
        let frame = Data(repeating: UInt8(ascii: "["), count: controlByteLimit + 1)
        #expect(throws: MessageError.tooLong(byteCount: controlByteLimit + 1)) { try ToWorker.decode(frame) }
    }

    @Test func `a message too long to be accepted is not sent`() {
        let text = String(repeating: "x", count: controlByteLimit)
        let claim = Claim(StageKey(rawValue: digest), Attempt(rawValue: 1))
        let message = FromWorker(.log(claim: claim, offset: 0, text: text), from: WorkerID(rawValue: "a"))
        #expect(throws: MessageError.self) { try message.encoded() }
    }

    @Test func `nesting without end is refused, not followed`() {
        let frame = Data(#"{"body":{"ready":"#.utf8) + Data(repeating: UInt8(ascii: "["), count: 100_000)
        #expect(throws: MessageError.self) { try FromWorker.decode(frame) }
    }

    @Test func `bytes travel with an upload and with nothing else`() throws {
        func recorded(_ isWanted: (FromWorker.Body) -> Bool) throws -> (message: FromWorker, frame: [UInt8]) {
            let found = try #require(recordedFromWorker.first { isWanted($0.0.body) })
            return (found.0, Array(found.1.utf8))
        }
        let (uploaded, upload) = try recorded { if case .upload = $0 { true } else { false } }
        let (asked, ready) = try recorded { $0 == .ready }
        #expect(try FromWorker.decode([upload, [1, 2, 3]]) == uploaded)
        #expect(try FromWorker.decode([ready]) == asked)
        for frames in [[], [upload], [ready, [1]], [upload, [1], [2]]] {
            #expect(throws: MessageError.self) { try FromWorker.decode(frames) }
        }
    }

    /// Bytes at random, and recorded messages with a few bytes changed: each is a message or a typed error.
    @Test(arguments: 0..<UInt64(8))
    func `random bytes never crash`(seed: UInt64) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func random(_ bound: Int) -> Int {
            (state ^= state << 13, state ^= state >> 7, state ^= state << 17).2
            return Int(state >> 33) % bound
        }
        var refused = 0
        for round in 0..<400 {
            var bytes = Array(recordedFromWorker[random(recordedFromWorker.count)].1.utf8)
            if round % 4 == 0 { bytes = (0..<random(200)).map { _ in UInt8(random(256)) } }
            for _ in 0..<random(4) where !bytes.isEmpty { bytes[random(bytes.count)] = UInt8(random(256)) }
            do throws(MessageError) {
                let message = try FromWorker.decode(Data(bytes))
                #expect(try FromWorker.decode(message.encoded()) == message)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 100)
    }

    private func expect<Message: WireMessage>(_ message: Message, isWritten json: String) throws {
        #expect(String(decoding: try message.encoded(), as: UTF8.self) == json)
        #expect(try Message.decode(Data(json.utf8)) == message)
    }
}

import Dashboard
import Foundation
import Testing

struct ConversationTests {
    private let start = ContinuousClock.now
    private let date = Date(timeIntervalSince1970: 1_700_000_000)
    private let question = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"

    private func after(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func text(_ conversation: inout Conversation, at now: ContinuousClock.Instant) -> String {
        var text = ""
        while let piece = conversation.unsent {
            text += String(decoding: piece, as: UTF8.self)
            if conversation.sent(piece.count, at: now, date: date) != nil { break }
        }
        return text
    }

    @Test func `an answer has its length, its date, and what keeps a page to itself`() throws {
        var conversation = Conversation(at: start)
        #expect(conversation.receive(Array(question.utf8), at: start, date: date)?.target.path == "/a")
        #expect(conversation.phase == .answering)
        conversation.answer(HTTPResponse(.ok, "hello"), at: start, date: date)
        let lines = text(&conversation, at: start).components(separatedBy: "\r\n")
        #expect(lines.first == "HTTP/1.1 200 OK" && lines.last == "hello\n")
        for line in [
            "Date: Tue, 14 Nov 2023 22:13:20 GMT", "Content-Length: 6", "Content-Type: text/plain; charset=utf-8",
            "Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Referrer-Policy: same-origin",
        ] { #expect(lines.contains(line), "\(line)") }
        let policy = try #require(lines.first { $0.hasPrefix("Content-Security-Policy: ") })
        #expect(policy.contains("default-src 'none'; script-src 'self'; style-src 'sha256-"))
        #expect(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"))
        #expect(conversation.phase == .reading)
    }

    @Test func `HEAD has the head of the answer alone`() {
        var conversation = Conversation(at: start)
        let request = conversation.receive(
            Array(question.replacingOccurrences(of: "GET", with: "HEAD").utf8), at: start, date: date)
        #expect(request?.method == .head)
        conversation.answer(HTTPResponse(.ok, "hello"), at: start, date: date)
        let answer = text(&conversation, at: start)
        #expect(answer.contains("Content-Length: 6\r\n") && answer.hasSuffix("\r\n\r\n"))
    }

    @Test func `requests that come at once are answered one after the other`() {
        var conversation = Conversation(at: start)
        let second = question.replacingOccurrences(of: "/a", with: "/b")
        #expect(
            conversation.receive(Array((question + second).utf8), at: start, date: date)?.target.path == "/a")
        conversation.answer(HTTPResponse(.ok, "first"), at: start, date: date)
        var next: HTTPRequest?
        while next == nil, let piece = conversation.unsent {
            next = conversation.sent(min(7, piece.count), at: start, date: date)
        }
        #expect(next?.target.path == "/b" && conversation.phase == .answering && conversation.unsent == nil)
    }

    @Test func `what cannot be understood is answered, and the connection ends`() {
        var conversation = Conversation(at: start)
        #expect(conversation.receive(Array("nonsense\r\n\r\n".utf8), at: start, date: date) == nil)
        let answer = text(&conversation, at: start)
        #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("Connection: close\r\n"))
        #expect(conversation.phase == .parting)
        conversation.expire(at: after(2), date: date)
        #expect(conversation.phase == .over)
    }

    @Test func `a request that comes byte by byte has as long as any other`() {
        var conversation = Conversation(at: start)
        for (second, byte) in question.utf8.prefix(9).enumerated() {
            #expect(conversation.receive([byte], at: after(Double(second)), date: date) == nil)
        }
        conversation.expire(at: after(9.9), date: date)
        #expect(conversation.phase == .reading)
        conversation.expire(at: after(10), date: date)
        #expect(text(&conversation, at: after(10)).hasPrefix("HTTP/1.1 408 "))
    }

    @Test func `a connection without a request is let go without a word`() {
        var conversation = Conversation(at: start)
        conversation.expire(at: after(14), date: date)
        #expect(conversation.phase == .reading)
        conversation.expire(at: after(15), date: date)
        #expect(conversation.phase == .over && conversation.unsent == nil)
    }

    @Test func `a client that does not take its answer is left, one with a long answer later`() throws {
        var conversation = Conversation(at: start)
        _ = conversation.receive(Array(question.utf8), at: start, date: date)
        #expect(conversation.deadline == nil, "making the answer is not the client's time")
        conversation.answer(HTTPResponse(type: "a", [UInt8](repeating: 1, count: 1 << 20)), at: start, date: date)
        #expect(try #require(conversation.deadline) == after(52))
        _ = conversation.sent(10, at: after(40), date: date)
        conversation.expire(at: after(52), date: date)
        #expect(conversation.phase == .over)
    }

    @Test func `events wait for a client as long as they are few`() {
        var conversation = Conversation(at: start)
        _ = conversation.receive(Array(question.utf8), at: start, date: date)
        conversation.stream(HTTPResponse(type: "text/event-stream", Array("a".utf8)), at: start, date: date)
        let begin = text(&conversation, at: start)
        #expect(begin.hasSuffix("\r\n\r\na") && !begin.contains("Content-Length"))
        #expect(conversation.deadline == nil)
        conversation.push([UInt8](repeating: 7, count: 60_000), at: after(100))
        #expect(conversation.phase == .streaming && conversation.deadline == after(120))
        conversation.push([UInt8](repeating: 7, count: 6_000), at: after(101))
        #expect(conversation.phase == .over)
    }
}

import Foundation

/// An answer, before it is known whether the client wants its body.
package struct HTTPResponse: Equatable, Sendable {
    package let status: HTTPStatus
    /// Besides those that every answer has.
    package private(set) var fields: [Field]
    package let body: [UInt8]

    package struct Field: Equatable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(_ status: HTTPStatus = .ok, type: String, _ body: [UInt8], cache: String = "no-store") {
        self.status = status
        self.body = body
        fields = [Field("Content-Type", type), Field("Cache-Control", cache)]
    }

    /// A sentence.
    package init(_ status: HTTPStatus, _ sentence: String) {
        self.init(status, type: "text/plain; charset=utf-8", Array("\(sentence)\n".utf8))
    }

    package init(_ refusal: Refusal) {
        self.init(refusal.status, refusal.sentence)
        if refusal.status == .unauthorized { add("WWW-Authenticate", "Bearer realm=\"headstart\"") }
        if refusal.status == .unavailable { add("Retry-After", "2") }
        if !refusal.allowed.isEmpty { add("Allow", refusal.allowed.map(\.rawValue).joined(separator: ", ")) }
    }

    package mutating func add(_ name: String, _ value: String) { fields.append(Field(name, value)) }

    /// The value of one of its own fields.
    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// - Parameters:
    ///   - length: of the body; nil where it goes on until the connection is closed.
    ///   - keepsConnection: whether another answer may follow.
    func head(length: Int?, keepsConnection: Bool, at date: Date) -> [UInt8] {
        var lines = ["HTTP/1.1 \(status.rawValue) \(status.phrase)", "Date: \(Self.text(of: date))"]
        if let length { lines.append("Content-Length: \(length)") }
        if !keepsConnection { lines.append("Connection: close") }
        lines += (fields + Self.protection).map { "\($0.name): \($0.value)" }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// What keeps a page to itself: nothing runs, loads or frames it but what comes from here. Of its own pages alone a
    /// browser may tell where it comes from; with `no-referrer` it would not name the origin of a form either.
    private static let protection = [
        Field(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src '\(pageStyle)'; img-src data:; connect-src 'self'; "
                + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
        Field("X-Content-Type-Options", "nosniff"), Field("Referrer-Policy", "same-origin"),
        Field("Cross-Origin-Resource-Policy", "same-origin"),
    ]

    private static func text(of date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 40)
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text.prefix(count).map(UInt8.init), as: UTF8.self)
    }
}

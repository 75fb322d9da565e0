import Foundation
package import Transport

/// Who may ask for what.
///
/// A page of another site can make a browser ask here in its user's name. It cannot hide its origin, and where it has a
/// name of its own lead to this machine (DNS rebinding), the browser still sends that name as the host.
package struct Admission: Sendable {
    private let hosts: Set<String>
    private let admitsAnyAddress: Bool
    private let token: AccessToken?
    /// Browsers keep the cookies of a host's ports together.
    private let cookie: String

    /// - Parameters:
    ///   - endpoint: where the server listens.
    ///   - machine: what this machine is called.
    ///   - token: what everybody has to show; nil lets everybody read and nobody change anything.
    package init(at endpoint: Endpoint, machine: String, token: AccessToken?) {
        var hosts: Set = ["localhost", "127.0.0.1", "::1"]
        var admitsAnyAddress = false
        if case .tcp(let host, let port) = endpoint {
            admitsAnyAddress = ["*", "0.0.0.0", "::"].contains(host)
            hosts.formUnion(admitsAnyAddress ? [machine, machine.prefix { $0 != "." }.lowercased()] : [host])
            cookie = "headstart-\(port ?? 0)"
        } else {
            cookie = "headstart"
        }
        self.hosts = Set(hosts.map { $0.lowercased() })
        self.admitsAnyAddress = admitsAnyAddress
        self.token = token
    }

    // MARK: Sites

    /// Refuses what another site may have made a browser ask.
    package func demandOwnSite(_ request: HTTPRequest) throws(Refusal) {
        let authority = (request.fields["host"] ?? "").lowercased()
        guard let host = Self.host(of: authority), hosts.contains(host) || (admitsAnyAddress && isAddress(host)) else {
            throw Refusal(.forbidden, "The host that is asked for is not where this dashboard listens.")
        }
        guard let origin = request.fields["origin"]?.lowercased() else { return }
        // With https where something in front of this server speaks it.
        guard origin == "http://\(authority)" || origin == "https://\(authority)" else {
            throw Refusal(.forbidden, "Another site asks; only the dashboard's own pages may.")
        }
    }

    /// - Returns: nil where it is none.
    private static func host(of authority: String) -> String? {
        let (host, rest): (Substring, Substring)
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            (host, rest) = (authority[..<end].dropFirst(), authority[authority.index(after: end)...])
        } else {
            let end = authority.firstIndex(of: ":") ?? authority.endIndex
            (host, rest) = (authority[..<end], authority[end...])
        }
        guard rest.isEmpty || (rest.first == ":" && UInt16(rest.dropFirst()) != nil) else { return nil }
        return String(host)
    }

    private func isAddress(_ host: String) -> Bool {
        var (four, six) = (in_addr(), in6_addr())
        return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
    }

    // MARK: Tokens

    /// - Returns: what makes the browser show the token from now on; nil where the request does not bring one.
    package func greet(_ request: HTTPRequest) throws(Refusal) -> HTTPResponse.Field? {
        guard let token, let shown = request.target.query["token"] else { return nil }
        guard token.matches(shown) else { throw Self.wrongToken }
        return HTTPResponse.Field("Set-Cookie", "\(cookie)=\(shown); Path=/; HttpOnly; SameSite=Strict")
    }

    package func demandToken(_ request: HTTPRequest) throws(Refusal) {
        guard let token, !token.matches(bearer(request) ?? cookie(request) ?? "") else { return }
        throw Self.wrongToken
    }

    /// Refuses what changes something, but from those who showed the token, and from a page of ours where a browser asks.
    package func demandLeave(_ request: HTTPRequest) throws(Refusal) {
        guard token != nil else {
            throw Refusal(
                .forbidden, "This dashboard only shows. To give commands in it, start it again with --token-file FILE.")
        }
        try demandToken(request)
        guard request.fields["origin"] != nil || bearer(request) != nil else {
            throw Refusal(.forbidden, "The browser does not say which site asks; only the dashboard's own pages may.")
        }
    }

    private func bearer(_ request: HTTPRequest) -> String? {
        guard let words = request.fields["authorization"]?.split(separator: " "), words.count == 2,
            words[0].lowercased() == "bearer"
        else { return nil }
        return String(words[1])
    }

    private func cookie(_ request: HTTPRequest) -> String? {
        let pairs = (request.fields["cookie"] ?? "").split { $0 == ";" || $0 == "," || $0 == " " }
        return pairs.first { $0.hasPrefix("\(cookie)=") }.map { String($0.dropFirst(cookie.count + 1)) }
    }

    private static let wrongToken = Refusal(
        .unauthorized, "Show the token first: open /?token=..., or send it as 'Authorization: Bearer ...'.")
}

/// What lets people in.
package struct AccessToken: Sendable {
    private let bytes: [UInt8]

    package init(_ text: String) { bytes = Array(text.utf8) }

    /// Takes as long wherever the two differ, so that nobody finds the token out digit by digit.
    package func matches(_ text: String) -> Bool {
        let shown = Array(text.utf8)
        var difference = UInt8(shown.count == bytes.count && !bytes.isEmpty ? 0 : 1)
        for (place, byte) in bytes.enumerated() { difference |= byte ^ (place < shown.count ? shown[place] : ~byte) }
        return difference == 0
    }
}

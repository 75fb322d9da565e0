import TestKit
import Testing
import Transport

/// A protected router on loopback and what clients need to reach it.
private struct Gate {
    let context: Context
    let gatekeeper: Gatekeeper
    let router: Router
    let endpoint: Endpoint
    let listed: CurveKeyPair

    init() throws {
        context = try Context()
        listed = try CurveKeyPair.generate()
        gatekeeper = try Gatekeeper(
            in: context, keys: .generate(), admitted: AdmittedKeys([listed.publicKey]))
        router = try Router(in: context, limits: limits, protectedBy: gatekeeper)
        endpoint = try router.bind(anyLoopbackPort)
    }

    /// Clients are in a context of their own, as they are in other processes.
    func dealer(_ credentials: Credentials?) throws -> Dealer {
        try Dealer(in: Context(), to: endpoint, limits: limits, credentials: credentials)
    }

    /// Whether a client with these credentials comes to know that it is refused.
    func tells(_ credentials: Credentials?, of refusal: Connection) throws -> Bool {
        let dealer = try dealer(credentials)
        return try eventually { try dealer.connection() == refusal }
    }

    /// Whether the message of a client with these credentials reaches the router.
    func admits(_ credentials: Credentials?, within seconds: Double) throws -> Bool {
        let dealer = try dealer(credentials)
        let message = try eventually(within: seconds) {
            _ = try dealer.send(frames("hello"))
            return try router.receive()
        }
        return message != nil
    }
}

// Where a test waits for something that must not happen, half a second is long for a loopback connection of
// milliseconds.
@Suite(.serialized) struct GatekeeperTests {
    @Test func `a listed key is admitted`() throws {
        let gate = try Gate()
        let credentials = Credentials(own: gate.listed, server: gate.gatekeeper.serverKey)
        #expect(try gate.admits(credentials, within: 120))
    }

    @Test func `frames as long as the limit go through encryption, both ways`() throws {
        let gate = try Gate()
        let dealer = try gate.dealer(Credentials(own: gate.listed, server: gate.gatekeeper.serverKey))
        let long = [[UInt8](repeating: 7, count: limits.frameBytes)]
        #expect(try eventually { try dealer.send(long) == .queued })
        let received = try #require(try eventually { try gate.router.receive() })
        #expect(received.frames == long)
        #expect(try gate.router.send(long, to: received.peer) == .queued)
        #expect(try eventually { try dealer.receive() } == long)
    }

    @Test func `what arrives bears the key of its sender, which may use its own names alone`() throws {
        let gate = try Gate()
        let dealer = try gate.dealer(Credentials(own: gate.listed, server: gate.gatekeeper.serverKey))
        let message = try eventually {
            _ = try dealer.send(frames("hello"))
            return try gate.router.receive()
        }
        let peer = try #require(message).peer
        #expect(peer.key == gate.listed.publicKey)
        #expect(peer.owns(gate.listed.publicKey.owned("host-1")))
        let other = try CurveKeyPair.generate().publicKey
        #expect(!peer.owns("host-1") && !peer.owns(other.owned("host-1")))
    }

    @Test func `who is admitted at one gate is not at another`() throws {
        let gate = try Gate()
        let commands = try Router(in: gate.context, limits: limits, protectedBy: gate.gatekeeper, gate: .clients)
        let endpoint = try commands.bind(anyLoopbackPort)
        let credentials = Credentials(own: gate.listed, server: gate.gatekeeper.serverKey)
        let dealer = try Dealer(in: Context(), to: endpoint, limits: limits, credentials: credentials)
        #expect(try eventually { try dealer.connection() == .keyRefused })
    }

    @Test func `a refused key is told once, however often it comes`() throws {
        let gate = try Gate()
        let stranger = Credentials(own: try .generate(), server: gate.gatekeeper.serverKey)
        #expect(try gate.tells(stranger, of: .keyRefused))
        let told = gate.gatekeeper.takeRefusals()
        #expect(told.count == 1 && told[0].contains(stranger.own.publicKey.description), "\(told)")
        #expect(try gate.tells(stranger, of: .keyRefused))
        #expect(gate.gatekeeper.takeRefusals() == [])
    }

    @Test func `a key that is not listed is refused, and the client can tell`() throws {
        let gate = try Gate()
        let stranger = Credentials(own: try .generate(), server: gate.gatekeeper.serverKey)
        #expect(try !gate.admits(stranger, within: 0.5))
        #expect(try gate.tells(stranger, of: .keyRefused))
    }

    @Test func `a client without keys is refused, and the client can tell`() throws {
        let gate = try Gate()
        #expect(try !gate.admits(nil, within: 0.5))
        #expect(try gate.tells(nil, of: .keysDoNotFit))
    }

    @Test func `a client that takes another server for this one is refused`() throws {
        let gate = try Gate()
        let elsewhere = Credentials(own: gate.listed, server: try CurveKeyPair.generate().publicKey)
        #expect(try !gate.admits(elsewhere, within: 0.5))
    }

    @Test func `a client with keys gets nothing from a router without`() throws {
        let context = try Context()
        let router = try Router(in: context, limits: limits)
        let endpoint = try router.bind(anyLoopbackPort)
        let credentials = Credentials(own: try .generate(), server: try CurveKeyPair.generate().publicKey)
        let dealer = try Dealer(in: context, to: endpoint, limits: limits, credentials: credentials)
        #expect(try eventually { try dealer.connection() == .keysDoNotFit })
        #expect(try router.receive() == nil)
    }

    @Test func `a key is admitted once it is listed`() throws {
        let gate = try Gate()
        let late = try CurveKeyPair.generate()
        let credentials = Credentials(own: late, server: gate.gatekeeper.serverKey)
        #expect(try !gate.admits(credentials, within: 0.3))
        gate.gatekeeper.admit(AdmittedKeys([late.publicKey]))
        #expect(try gate.admits(credentials, within: 120))
    }

    @Test func `broadcasts reach listed keys only`() throws {
        let gate = try Gate()
        let publisher = try Publisher(in: gate.context, limits: limits, protectedBy: gate.gatekeeper)
        let endpoint = try publisher.bind(anyLoopbackPort)
        let server = gate.gatekeeper.serverKey
        let admitted = try Subscriber(
            in: Context(), to: endpoint, limits: limits, credentials: Credentials(own: gate.listed, server: server))
        let stranger = try Subscriber(
            in: Context(), to: endpoint, limits: limits, credentials: Credentials(own: .generate(), server: server))
        let plain = try Subscriber(in: Context(), to: endpoint, limits: limits)
        let message = try eventually {
            try publisher.send(frames("news"))
            return try admitted.receive()
        }
        #expect(message == frames("news"))
        let leak = try eventually(within: 0.5) {
            try publisher.send(frames("news"))
            return try stranger.receive() ?? plain.receive()
        }
        #expect(leak == nil)
    }

    @Test func `a second gatekeeper of a context is refused, for the first one stays in charge`() throws {
        let gate = try Gate()
        #expect(throws: TransportError.self) {
            try Gatekeeper(in: gate.context, keys: .generate(), admitted: AdmittedKeys([]))
        }
        #expect(gate.gatekeeper.failure == nil)
    }

    @Test func `a gatekeeper whose thread fails tells its owner and lets nobody in any more`() throws {
        let gate = try Gate()
        // No peer can say this to the handler, only a socket of its own process.
        let rogue = try Dealer(
            in: gate.context, to: .inproc(name: "zeromq.zap.01"), limits: limits)
        #expect(try rogue.send([[]] + [[UInt8]](repeating: [1], count: 20)) == .queued)
        #expect(eventually { gate.gatekeeper.failure } == .tooManyFrames(count: 20, limit: 8))
        let credentials = Credentials(own: gate.listed, server: gate.gatekeeper.serverKey)
        #expect(try !gate.admits(credentials, within: 0.5))
    }

    @Test func `a protected router may listen beyond this machine`() throws {
        let gate = try Gate()
        #expect(try gate.router.bind(.tcp(host: "*", port: nil)).isConnectable == false)
    }
}

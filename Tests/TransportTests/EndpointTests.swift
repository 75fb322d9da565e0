import Testing
import Transport

struct EndpointTests {
    @Test(arguments: [
        "tcp://127.0.0.1:5555", "tcp://host.example.org:1", "tcp://*:65535", "tcp://[::1]:80", "tcp://127.0.0.1:*",
        "ipc:///tmp/a socket", "ipc://relative.sock", "inproc://name",
    ])
    func `an endpoint is written as it is read`(text: String) throws {
        #expect(try Endpoint(text).description == text)
    }

    @Test(arguments: [
        ("5555", "'://' is missing"), ("udp://a:1", "the transport 'udp' is unknown"),
        ("tcp://host", "the port is missing"),
        ("tcp://:5555", "the host is missing"), ("tcp://host:0", "'0' is not a port from 1 to 65535"),
        ("tcp://host:65536", "'65536' is not a port from 1 to 65535"), ("tcp://host:+80", "'+80' is not a port"),
        ("tcp://host:", "'' is not a port"), ("tcp://::1:80", "needs brackets"),
        ("tcp://a b:80", "'a b' is not a host"),
        ("tcp://127.0.0.1;eth0:80", "is not a host"), ("ipc://", "the path is missing"), ("ipc://@x", "abstract"),
        ("inproc://", "the name is missing"),
    ])
    func `what is no endpoint is refused with the reason`(text: String, reason: String) {
        let error = #expect(throws: TransportError.self) { try Endpoint(text) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("'\(text)'") == true)
    }

    @Test func `a socket path that the system cannot hold is refused`() {
        #expect(throws: TransportError.self) { try Endpoint("ipc:///" + String(repeating: "x", count: 103)) }
    }

    @Test(arguments: [
        ("tcp://127.0.0.1:1", true), ("tcp://127.8.9.1:1", true), ("tcp://localhost:1", true), ("tcp://[::1]:1", true),
        ("ipc://x", true), ("inproc://x", true), ("tcp://*:1", false), ("tcp://0.0.0.0:1", false),
        ("tcp://127.0.0.1.example.org:1", false), ("tcp://127.0.0:1", false), ("tcp://10.0.0.1:1", false),
        ("tcp://[::]:1", false),
    ])
    func `only loopback and ipc are local`(text: String, isLocal: Bool) throws {
        #expect(try Endpoint(text).isLocal == isLocal)
    }

    @Test func `the companion is the next port or the path with an ending`() throws {
        #expect(try Endpoint("tcp://a:5555").companion == Endpoint("tcp://a:5556"))
        #expect(try Endpoint("ipc://a").companion == Endpoint("ipc://a.pub"))
        #expect(try Endpoint("tcp://a:65535").companion == nil)
        #expect(try Endpoint("tcp://a:*").companion == nil)
    }
}

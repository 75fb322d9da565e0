import CZeroMQ

/// ZeroMQ's state of a process: its I/O threads and the names of `inproc` endpoints. Sockets keep their context alive.
///
/// A context may be shared between threads. **A socket may not**: it stays on the thread that made it, from its first
/// call to its last (zguide, chapter 2). The socket classes are not `Sendable`, so the compiler holds everyone to
/// this.
package final class Context: Sendable {
    // libzmq's contexts are safe to use from any thread, and the pointer never changes.
    nonisolated(unsafe) let pointer: UnsafeMutableRawPointer

    /// Refuses versions of libzmq older than 4.3.3: CVE-2019-6250 (code execution), CVE-2019-13132 (stack overflow
    /// before authentication) and CVE-2020-15166 (denial of service in spite of CURVE) are closed there.
    /// - Parameter mostSockets: of this context; a process has a handful.
    package init(mostSockets: Int = 256) throws(TransportError) {
        let version = Context.libraryVersion
        guard version >= (4, 3, 3) else {
            throw TransportError.outdatedLibrary(version: "\(version.major).\(version.minor).\(version.patch)")
        }
        guard let pointer = zmq_ctx_new() else {
            throw TransportError.failed(call: "zmq_ctx_new", code: zmq_errno())
        }
        self.pointer = pointer
        zmq_ctx_set(pointer, ZMQ_MAX_SOCKETS, Int32(clamping: mostSockets))
    }

    deinit { zmq_ctx_term(pointer) }

    package static var libraryVersion: (major: Int32, minor: Int32, patch: Int32) {
        var version: (major: Int32, minor: Int32, patch: Int32) = (0, 0, 0)
        zmq_version(&version.major, &version.minor, &version.patch)
        return version
    }

    /// Whether this libzmq can encrypt.
    package static var hasCurve: Bool { zmq_has("curve") == 1 }
}

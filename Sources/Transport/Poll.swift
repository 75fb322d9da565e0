import CZeroMQ
import Foundation

/// What `poll` can wait for.
package protocol Pollable {
    var waiting: Waiting { get }
}

/// Where `poll` looks for something to read.
package struct Waiting {
    enum Place {
        case socket(UnsafeMutableRawPointer)
        case descriptor(Int32)
    }
    let place: Place
}

extension Router { package var waiting: Waiting { Waiting(place: .socket(socket.pointer)) } }
extension Dealer { package var waiting: Waiting { Waiting(place: .socket(socket.pointer)) } }
extension Subscriber { package var waiting: Waiting { Waiting(place: .socket(socket.pointer)) } }

/// Waits until one of the sources can be read, the time is over or a signal comes.
/// - Parameter timeoutMilliseconds: nil waits for ever, 0 only looks.
/// - Returns: for each source whether it can be read.
package func poll(_ sources: [any Pollable], timeoutMilliseconds: Int?) throws(TransportError) -> [Bool] {
    var items = sources.map { source in
        switch source.waiting.place {
        case .socket(let pointer): zmq_pollitem_t(socket: pointer, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
        case .descriptor(let number): zmq_pollitem_t(socket: nil, fd: number, events: Int16(ZMQ_POLLIN), revents: 0)
        }
    }
    let result = zmq_poll(&items, Int32(items.count), timeoutMilliseconds.map { max(0, $0) } ?? -1)
    if result < 0, zmq_errno() == EINTR { return sources.map { _ in false } }
    try check(result, in: "zmq_poll")
    return items.map { $0.revents & Int16(ZMQ_POLLIN) != 0 }
}

/// Ends another thread's `poll`. May be rung from any thread and from a signal handler.
package final class Bell: Pollable, Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32

    package init() throws(TransportError) {
        var ends: [Int32] = [-1, -1]
        try check(pipe(&ends), in: "pipe")
        (readEnd, writeEnd) = (ends[0], ends[1])
        for end in ends {
            try check(fcntl(end, F_SETFD, FD_CLOEXEC), in: "fcntl")
            try check(fcntl(end, F_SETFL, O_NONBLOCK), in: "fcntl")
        }
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    package var waiting: Waiting { Waiting(place: .descriptor(readEnd)) }

    /// Can be read while the bell rings.
    package var descriptor: Int32 { readEnd }

    /// A bell that rings already goes on ringing.
    package func ring() {
        var byte: UInt8 = 0
        // A full pipe is a bell that rings, so its refusal is no failure.
        _ = write(writeEnd, &byte, 1)
    }

    package func silence() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(readEnd, &bytes, bytes.count) > 0 {}
    }
}

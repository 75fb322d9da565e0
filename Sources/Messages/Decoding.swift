import Experiments
import Files
package import Foundation

/// Why a frame is not a message. Whoever receives such a frame logs it and drops it.
package enum MessageError: Error, Hashable, CustomStringConvertible, Sendable {
    case tooLong(byteCount: Int)
    /// Not JSON, or JSON of another shape than the message it names.
    case malformed(String)
    case unknown(String)

    package var description: String {
        switch self {
        case .tooLong(let byteCount): "a frame of \(byteCount) bytes, where \(controlByteLimit) are allowed"
        case .malformed(let detail): "a malformed message: \(detail)"
        case .unknown(let name): "an unknown message '\(name)'; the other side may be of another version"
        }
    }
}

/// What goes over the wire as one frame of canonical JSON. One object in it has a single key, which names the message.
package protocol WireMessage: Codable, Hashable, Sendable {
    /// Reads the message's name and nothing else of the frame.
    static func name(in frame: Data) throws -> String
    static func isName(_ name: String) -> Bool
}

extension WireMessage {
    package func encoded() throws(MessageError) -> Data {
        let data: Data
        do {
            data = try CanonicalJSON.encode(self)
        } catch {
            throw .malformed("\(error)")
        }
        guard data.count <= controlByteLimit else { throw .tooLong(byteCount: data.count) }
        return data
    }

    /// Decodes strictly: a frame that is no message in full is an error, and none crashes.
    package static func decode(_ data: Data) throws(MessageError) -> Self {
        guard data.count <= controlByteLimit else { throw .tooLong(byteCount: data.count) }
        do {
            let name = try name(in: data)
            guard isName(name) else { throw MessageError.unknown(String(name.prefix(40))) }
            return try CanonicalJSON.decode(Self.self, from: data)
        } catch let error as MessageError {
            throw error
        } catch {
            throw .malformed(String("\(error)".prefix(200)))
        }
    }
}

/// The only key of a message's object.
private struct MessageName: Decodable {
    let name: String

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: Key.self).allKeys
        guard keys.count == 1, let key = keys.first else {
            throw MessageError.malformed("\(keys.count) names where one is due")
        }
        name = key.stringValue
    }
}

extension WireMessage {
    package static func name(in frame: Data) throws -> String {
        try CanonicalJSON.decode(MessageName.self, from: frame).name
    }
}

extension FromWorker: WireMessage {
    package static func name(in frame: Data) throws -> String {
        try CanonicalJSON.decode(Envelope.self, from: frame).body.name
    }

    private struct Envelope: Decodable {
        let body: MessageName
    }

    package static func isName(_ name: String) -> Bool { Body.isName(name) }
}

extension ToWorker: WireMessage {}

extension Broadcast: WireMessage {}

extension FromWorker {
    /// Decodes a whole message: the frame that names it, and the frame of bytes that an upload carries and no other.
    package static func decode(_ frames: [[UInt8]]) throws(MessageError) -> FromWorker {
        guard let first = frames.first else { throw .malformed("no frame") }
        let message = try decode(Data(first))
        var due = 1
        if case .upload = message.body { due = 2 }
        guard frames.count == due else { throw .malformed("\(frames.count) frames where \(due) are due") }
        return message
    }
}

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
    /// The message's name, before anything else of it is read.
    static func name(from decoder: any Decoder) throws -> String
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
            return try CanonicalJSON.decode(Named<Self>.self, from: data).message
        } catch let error as MessageError {
            throw error
        } catch {
            throw .malformed(String("\(error)".prefix(200)))
        }
    }
}

/// A message whose name is looked at first, in one reading of the frame.
private struct Named<Message: WireMessage>: Decodable {
    let message: Message

    init(from decoder: any Decoder) throws {
        let name = try Message.name(from: decoder)
        guard Message.isName(name) else { throw MessageError.unknown(String(name.prefix(40))) }
        message = try Message(from: decoder)
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
    package static func name(from decoder: any Decoder) throws -> String { try MessageName(from: decoder).name }
}

extension FromWorker: WireMessage {
    package static func name(from decoder: any Decoder) throws -> String { try Envelope(from: decoder).body.name }

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

import ArgumentParser
import Experiments
import Files

struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Write JSON, for programs.")
    var json = false
}

/// The version of all that is written as JSON for programs: 1 higher where a member goes or means something else. Members may
/// be added without. json.md says what is promised.
private let schema = 1

extension Screen {
    /// One line of JSON: an object with its keys in order, and among them the schema's version.
    static func json(_ value: some Encodable) throws {
        try line(String(decoding: try CanonicalJSON.encode(Versioned(value: value)), as: UTF8.self))
    }

    @available(*, unavailable, message: "give the list a name in an object, which has room for the schema's version")
    static func json(_ values: [some Encodable]) throws {}
}

private struct Versioned<Value: Encodable>: Encodable {
    let value: Value

    private enum Keys: CodingKey { case schema }

    func encode(to encoder: any Encoder) throws {
        try value.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(schema, forKey: .schema)
    }
}

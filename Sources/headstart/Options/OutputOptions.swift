import ArgumentParser
import Experiments
import Files

struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Write JSON, for programs.")
    var json = false
}

extension Screen {
    /// One line of JSON with its keys in order.
    static func json(_ value: some Encodable) throws {
        try line(String(decoding: try CanonicalJSON.encode(value), as: UTF8.self))
    }
}

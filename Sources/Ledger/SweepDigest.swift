import Experiments
import Files

extension SweepPlan {
    /// The digest of the canonical JSON of its identity. A table may have a million rows, so they are not encoded one by
    /// one: only their words are.
    func digest() throws -> Digest {
        var text = TextOfDigest()
        text.add(#"{"name":\#(try text.json(name)),"rows":["#)
        for (place, row) in rows.enumerated() {
            if place > 0 { text.add(",") }
            try text.add(row)
        }
        text.add("]")
        if !searches.isEmpty {
            let asked = searches.map { "\"\($0.asked)\"" }.joined(separator: ",")
            text.add(#","searches":[\#(asked)]"#)
        }
        text.add("}")
        return text.digest()
    }
}

private struct TextOfDigest {
    private var bytes: [UInt8] = []
    private var hasher = Digest.Hasher()
    /// Tasks and methods as JSON.
    private var words: [String: String] = [:]

    mutating func add(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        guard bytes.count > 1 << 16 else { return }
        hasher.update(bytes)
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func add(_ row: SweepRow) throws {
        // The rows of searches count as they were before those had come to stages.
        let searches = row.searches.map { "\($0)" }.joined(separator: ",")
        let stages = row.searches.isEmpty ? row.stages.map { "\"\($0)\"" }.joined(separator: ",") : ""
        add("{")
        if !row.searches.isEmpty { add(#""anySearches":[\#(searches)],"#) }
        if let fold = row.fold { add(#""fold":{"count":\#(fold.count),"number":\#(fold.number)},"#) }
        add(
            #""method":\#(try json(row.method)),"seed":\#(row.seed),"stages":[\#(stages)],"task":\#(try json(row.task))}"#
        )
    }

    mutating func json(_ word: String) throws -> String {
        if let known = words[word] { return known }
        let json = String(decoding: try CanonicalJSON.encode(word), as: UTF8.self)
        words[word] = json
        return json
    }

    consuming func digest() -> Digest {
        hasher.update(bytes)
        return hasher.finish()
    }
}

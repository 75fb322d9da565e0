package import Configuration

/// The methods that are known by name: what `headstart methods` shows.
package struct MethodListing: Encodable, Sendable {
    private let methods: [MethodDescription]

    package init(_ methods: [MethodDescription]) { self.methods = methods }

    private enum Keys: CodingKey { case methods }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(methods.map(MethodSheet.init), forKey: .methods)
    }

    package func text(width: Int = .max) -> String {
        guard !methods.isEmpty else { return "No method is known here; methods.yaml beside the sweep file adds some." }
        var table = Columns([("method", .left), ("stages", .right), ("what it does", .left)])
        // Beside the names, the numbers and the gaps.
        let room = max(20, width - (methods.map(\.name.count).max() ?? 0) - 10)
        for method in methods {
            let lines = wrapped(method.about ?? "", width: room)
            table.add([method.name, "\(method.stages.count)", lines.first ?? ""])
            for line in lines.dropFirst() { table.add(["", "", line]) }
        }
        return table.lines().joined(separator: "\n")
    }
}

/// All that is known of one method: what `headstart methods show` shows.
package struct MethodSheet: Sendable {
    private let method: MethodDescription

    package init(_ method: MethodDescription) { self.method = method }

    package func text(width: Int = .max) -> String {
        let stages = method.stages.enumerated().map { place, settings in
            let words = settings.map { $0.key == "from" ? "from \($0.value)" : "\($0.key) \($0.value)" }
            return "  \(place + 1)  \(words.joined(separator: "; "))"
        }
        let head = [method.name] + (method.about.map { ["  \($0)"] } ?? [])
        let source = method.source.map { ["", "source", "  \($0)"] } ?? []
        return (folded(head + source + ["", "stages"] + stages, width: width) + ["", method.yaml]).joined(
            separator: "\n")
    }
}

extension MethodSheet: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "name": method.name, "about": method.about, "source": method.source,
            "stages": method.stages.map { settings in
                Dictionary(settings.map { ($0.key, $0.value) }) { first, _ in first }
            },
            "yaml": method.yaml,
        ])
    }
}

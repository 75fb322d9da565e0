/// What `headstart diff` shows.
package struct DifferenceListing: Encodable, Sendable {
    /// What the two are called.
    package let old: String
    package let new: String
    package let differences: [Difference]

    package init(_ old: String, _ new: String, _ differences: [Difference]) {
        self.old = old
        self.new = new
        self.differences = differences
    }

    package func text(width: Int = .max) -> String {
        guard !differences.isEmpty else {
            return folded(["\(old) and \(new) are the same: model, data, settings and seeds."], width: width).joined(
                separator: "\n")
        }
        var table = Columns([("of", .left), ("what", .left), (old, .left), (new, .left)])
        for difference in differences {
            table.add([difference.place, difference.what] + [difference.old, difference.new].map(Self.brief))
        }
        return table.lines(width: width, fixed: 2).joined(separator: "\n")
    }

    /// Of a digest its beginning, and of a long list its beginning and its length.
    private static func brief(_ value: String?) -> String {
        guard let value else { return "–" }
        let isDigest = value.count == 64 && value.allSatisfy(\.isHexDigit)
        if isDigest { return String(value.prefix(12)) }
        return value.count > 60 ? "\(value.prefix(50))… (\(value.count) characters)" : value
    }
}

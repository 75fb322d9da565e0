import Experiments
import Files
import Foundation

/// What a sweep file takes over from another: `like: table-3.yaml`, a path relative to itself. What the file says itself
/// counts; mappings are joined key by key, and everything else replaces what was there. Under `tasks` and `methods` the
/// other file's list of names counts as a mapping of them, and `NAME: none` leaves out what it has. A key that the other
/// file lacks follows the one that stands before it in this file.
extension YAMLValue {
    /// Reads a sweep file together with those that it is `like`. Every value keeps the place where it was written.
    static func readSweep(_ path: String) throws(ConfigurationError) -> YAMLValue {
        try readSweep(path, for: [])
    }

    /// - Parameter readers: the files that are read with the help of this one.
    private static func readSweep(_ path: String, for readers: [String]) throws(ConfigurationError) -> YAMLValue {
        let value = try read(path)
        guard case .mapping(let entries) = value.content, let like = entries.first(where: { $0.key == "like" }) else {
            return value
        }
        let name = try like.value.text("'like'")
        let folder = Path.folder(of: path)
        let other = Path.isAbsolute(name) || folder == "." ? name : "\(folder)/\(name)"
        guard FileManager.default.fileExists(atPath: other) else {
            throw ConfigurationError("there is no file '\(other)' for the sweep to be like", at: like.value.place)
        }
        let chain = readers + [path]
        guard !chain.map(Path.resolved).contains(Path.resolved(other)) else {
            let circle = other == path ? "itself" : "'\(name)', which is like this one"
            throw ConfigurationError("the sweep is like \(circle)", at: like.value.place)
        }
        let base = try Section(readSweep(other, for: chain), name: "the sweep")
        return YAMLValue(
            place: value.place, content: .mapping(try joined(entries.filter { $0.key != "like" }, over: base.entries)))
    }

    /// The entries of a whole sweep: of its tasks and methods each may be left out.
    private static func joined(
        _ own: [YAMLEntry], over base: [YAMLEntry]
    ) throws(ConfigurationError) -> [YAMLEntry] {
        try joined(own, over: base) { entry, other throws(ConfigurationError) in
            guard ["tasks", "methods"].contains(entry.key), case .mapping(let named) = entry.value.content else {
                return try entry.value.over(other)
            }
            return YAMLValue(place: entry.value.place, content: .mapping(try choice(named, of: entry.key, from: other)))
        }
    }

    /// The tasks or methods of another file, with those that this one changes, adds or leaves out.
    private static func choice(
        _ own: [YAMLEntry], of kind: String, from other: YAMLValue
    ) throws(ConfigurationError) -> [YAMLEntry] {
        let others: [YAMLEntry]
        if case .mapping(let entries) = other.content {
            others = entries
        } else {
            others = try other.uniqueTexts("'\(kind)'").map { name in
                YAMLEntry(key: name.text, place: name.place, value: YAMLValue(place: name.place, content: .empty))
            }
        }
        for entry in own where entry.value.isNone && !others.contains(where: { $0.key == entry.key }) {
            throw ConfigurationError(
                "the other sweep has no '\(entry.key)' under '\(kind)' to leave out"
                    + hint(for: entry.key, among: others.map(\.key)), at: entry.place)
        }
        return try joined(own, over: others) { entry, other throws(ConfigurationError) in
            try entry.value.over(other)
        }.filter { !$0.value.isNone }
    }

    /// The value with what another file has where this one is silent.
    private func over(_ other: YAMLValue) throws(ConfigurationError) -> YAMLValue {
        switch (content, other.content) {
        case (.empty, _): other
        case (.mapping(let own), .mapping(let base)):
            YAMLValue(
                place: place,
                content: .mapping(
                    try Self.joined(own, over: base) { entry, other throws(ConfigurationError) in
                        try entry.value.over(other)
                    }))
        default: self
        }
    }

    /// - Parameter join: called for a key that both have.
    private static func joined(
        _ own: [YAMLEntry], over base: [YAMLEntry],
        _ join: (YAMLEntry, YAMLValue) throws(ConfigurationError) -> YAMLValue
    ) throws(ConfigurationError) -> [YAMLEntry] {
        var entries = base
        var next = entries.count
        for entry in own {
            if let known = entries.firstIndex(where: { $0.key == entry.key }) {
                let value = try join(entry, entries[known].value)
                entries[known] = YAMLEntry(key: entry.key, place: entry.place, value: value)
                next = known + 1
            } else {
                entries.insert(entry, at: next)
                next += 1
            }
        }
        return entries
    }

    private var isNone: Bool { if case .scalar("none", _) = content { true } else { false } }
}

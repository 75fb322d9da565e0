/// A method as people read it.
package struct MethodDescription: Hashable, Sendable {
    package let name: String
    /// What it does; nil where its file does not say.
    package let about: String?
    /// The paper that it comes from, and what that calls it.
    package let source: String?
    /// Of each stage the settings that the method gives, in the order of the table of settings.
    package let stages: [[WrittenSetting]]
    /// Its entry, as `methods` of a sweep file takes it.
    package let yaml: String
}

extension MethodCatalog {
    /// All methods, in the order of their files.
    package var descriptions: [MethodDescription] { methods.map(MethodDescription.init) }

    /// - Throws: a sentence with the nearest name where there is no such method.
    package func description(of name: String) throws(ConfigurationError) -> MethodDescription {
        MethodDescription(try method(named: name, at: nil))
    }
}

extension MethodDescription {
    fileprivate init(_ method: MethodDefinition) {
        let settings = method.settings(over: [], overrides: SettingLayer())
        stages = zip(method.stages, settings).map { layer, settings in
            let given = layer.keys.union(method.shared.flatMap(\.keys))
            return Settings.all.filter { given.contains($0.key) }.compactMap { setting in
                setting.shown(settings).map { WrittenSetting(key: setting.key, value: $0, isDefault: false) }
            }
        }
        name = method.name
        about = method.remarks?.about
        source = method.remarks?.source
        yaml = method.remarks?.text ?? ""
    }
}

/// What the entry of a method says that is no setting.
struct MethodRemarks: Hashable, Sendable {
    let about: String?
    let source: String?
    /// The entry with what its aliases stand for, and without these remarks.
    let text: String

    static let keys = ["about", "source"]

    init(_ entry: YAMLEntry) throws(ConfigurationError) {
        guard case .mapping(let entries) = entry.value.content else {
            (about, source, text) = (nil, nil, entry.block)
            return
        }
        let section = try Section(entry.value, name: "method '\(entry.key)'", at: entry.place)
        about = try section["about"]?.text("'about'")
        source = try section["source"]?.text("'source'")
        let rest = entries.filter { !Self.keys.contains($0.key) }
        // A list of stages needs no key where nothing stands beside it.
        let isList = rest.count == 1 && rest[0].key == "stages"
        let value = isList ? rest[0].value : YAMLValue(place: entry.place, content: .mapping(rest))
        text = YAMLEntry(key: entry.key, place: entry.place, value: value).block
    }
}

extension YAMLEntry {
    /// The entry as lines of a file, a line for each element of a list.
    fileprivate var block: String {
        guard case .list(let values) = value.content else { return "\(YAMLText.quoted(key)): \(value.flow)" }
        return (["\(YAMLText.quoted(key)):"] + values.map { "  - \($0.flow)" }).joined(separator: "\n")
    }
}

extension YAMLValue {
    /// The value on one line, so that reading it again gives the same.
    fileprivate var flow: String {
        switch content {
        case .empty: "null"
        case .scalar(let text, let isQuoted):
            isQuoted || text.contains { "[]{},:#".contains($0) } ? YAMLText.quoted(text) : text
        case .list(let values): "[\(values.map(\.flow).joined(separator: ", "))]"
        case .mapping(let entries):
            "{ \(entries.map { "\(YAMLText.quoted($0.key)): \($0.value.flow)" }.joined(separator: ", ")) }"
        }
    }
}

package import Experiments

/// A setting and its value, as sweep files write them.
package struct WrittenSetting: Hashable, Sendable {
    package let key: String
    package let value: String
    /// Whether it would hold without being written.
    package let isDefault: Bool
}

extension Settings {
    /// A recipe in words: what a stage of a sweep file would say to have it, in the table's order. Settings that say
    /// nothing, as `max-steps` where epochs count, are left out.
    package static func written(_ recipe: Recipe) -> [WrittenSetting] {
        var settings = StageSettings()
        settings.recipe = recipe
        return all.compactMap { setting in
            setting.shown(settings).map {
                WrittenSetting(key: setting.key, value: $0, isDefault: $0 == setting.initial)
            }
        }
    }
}

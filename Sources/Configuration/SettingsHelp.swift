extension Settings {
    /// All settings, two lines each, for `--help`: what it does, what it must be and what it is otherwise.
    package static var help: String {
        let indent = String(repeating: " ", count: 17)
        return all.map { setting in
            let key = "  \(setting.key)".padding(to: indent.count)
            let otherwise = setting.initial.map { " (\($0))" } ?? ""
            return "\(key)\(setting.meaning)\n\(indent)\(setting.form)\(otherwise)"
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}

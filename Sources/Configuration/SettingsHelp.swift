extension Settings {
    /// All settings, two lines each, for `--help`: what it does, what it must be and what it is otherwise.
    package static var help: String {
        let indent = String(repeating: " ", count: 17)
        return all.map { setting in
            let key = "  \(setting.key)".padding(to: indent.count)
            let otherwise = setting.initial.map { " (\($0))" } ?? ""
            let form = wrapped(setting.form + otherwise, to: 82).joined(separator: "\n\(indent)")
            return "\(key)\(setting.meaning)\n\(indent)\(form)"
        }.joined(separator: "\n")
    }

    private static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + word.count < width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}

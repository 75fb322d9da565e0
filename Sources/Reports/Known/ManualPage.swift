package import Foundation

/// What the command line says of itself, as argument-parser's `--experimental-dump-help` has it.
package struct CommandHelp: Decodable, Sendable {
    package struct Tool: Decodable, Sendable {
        package let command: CommandHelp
    }

    struct Argument: Decodable, Sendable {
        struct Name: Decodable, Sendable {
            let kind: String
            let name: String
        }

        let kind: String
        let shouldDisplay: Bool
        let isOptional: Bool
        let isRepeating: Bool
        let names: [Name]?
        let preferredName: Name?
        let valueName: String?
        let defaultValue: String?
        let abstract: String?
        let discussion: String?
    }

    let superCommands: [String]?
    let commandName: String
    let shouldDisplay: Bool?
    let abstract: String?
    let discussion: String?
    let subcommands: [CommandHelp]?
    let arguments: [Argument]?
}

/// A page of the manual in the macros of man(7).
package struct ManualPage: Sendable {
    /// "headstart-data-check"
    package let name: String
    package let text: String

    /// The pages of a command and of all below it.
    package static func pages(of command: CommandHelp, version: String, on date: Date) -> [ManualPage] {
        let day = String(date.formatted(.iso8601.year().month().day()).prefix(10))
        return pages(of: command, source: "headstart \(version)", day)
    }

    private static func pages(of command: CommandHelp, source: String, _ day: String) -> [ManualPage] {
        let inner = command.known.flatMap { pages(of: $0, source: source, day) }
        return [ManualPage(command, source: source, day)] + inner
    }

    private init(_ command: CommandHelp, source: String, _ day: String) {
        name = command.words.joined(separator: "-")
        let parts = [
            [".TH \(name.uppercased()) 1 \(day) \"\(source)\" Headstart"],
            [".SH NAME", "\(roff(name)) \\- \(roff(command.abstract ?? ""))"],
            [".SH SYNOPSIS"] + command.synopsis,
            command.list(
                "COMMANDS", command.known.map { (".BR \(roff($0.words.joined(separator: "-"))) (1)", $0.abstract) }),
            command.list("ARGUMENTS", command.shown("positional").map { (".I \(roff($0.value))", $0.meaning) }),
            command.list("OPTIONS", command.shown("option", "flag").map { ($0.heading, $0.meaning) }),
            command.discussionLines,
            command.seeAlso,
        ]
        text = parts.flatMap(\.self).joined(separator: "\n") + "\n"
    }
}

extension CommandHelp {
    fileprivate var words: [String] { (superCommands ?? []) + [commandName] }

    fileprivate var known: [CommandHelp] {
        (subcommands ?? []).filter { $0.shouldDisplay ?? true && $0.commandName != "help" }
    }

    fileprivate func shown(_ kinds: String...) -> [Argument] {
        (arguments ?? []).filter { $0.shouldDisplay && kinds.contains($0.kind) }
    }

    fileprivate var synopsis: [String] {
        let words = shown("positional", "option", "flag").map(\.usage) + (known.isEmpty ? [] : ["\\fIcommand\\fR ..."])
        return [".B \(roff(self.words.joined(separator: " ")))"] + words
    }

    fileprivate func list(_ title: String, _ entries: [(heading: String, text: String?)]) -> [String] {
        guard !entries.isEmpty else { return [] }
        return [".SH \(title)"] + entries.flatMap { [".TP", $0.heading, roff($0.text ?? "")] }
    }

    /// Its paragraphs; a line in capitals heads a section, and lines that are set in stay as they are.
    fileprivate var discussionLines: [String] {
        guard let discussion, !discussion.isEmpty else { return [] }
        var lines: [String] = []
        var isSetIn = false
        var hasTitle = false
        for line in discussion.split(separator: "\n", omittingEmptySubsequences: false) {
            let indents = line.hasPrefix("  ")
            if isSetIn, !indents { lines.append(".EE") }
            if indents, !isSetIn { lines.append(".EX") }
            isSetIn = indents
            let title = line.prefix { $0 != "," }
            let isTitle = !indents && title.contains(where: \.isLetter) && title == title.uppercased()
            if !hasTitle, !isTitle {
                lines.append(".SH DESCRIPTION")
            }
            hasTitle = true
            if isTitle {
                // A paragraph right before a section is none.
                if lines.last == ".PP" { lines.removeLast() }
                lines += [".SH \(roff(String(title)))"] + (title == line ? [] : [roff(line.dropFirst(title.count + 2))])
            } else if line.isEmpty {
                lines.append(".PP")
            } else {
                lines.append(roff(line))
            }
        }
        if isSetIn { lines.append(".EE") }
        if lines.last == ".PP" { lines.removeLast() }
        return lines
    }

    fileprivate var seeAlso: [String] {
        guard let above = superCommands, !above.isEmpty else { return [] }
        return [".SH SEE ALSO", ".BR \(roff(above.joined(separator: "-"))) (1)"]
    }
}

extension CommandHelp.Argument {
    /// What stands for its value.
    fileprivate var value: String { valueName ?? "value" }

    private func spelled(_ name: Name) -> String { (name.kind == "long" ? "--" : "-") + name.name }

    /// In the line of the synopsis.
    fileprivate var usage: String {
        let value = "\\fI\(roff(value))\\fR"
        let name = preferredName.map { "\\fB\(roff(spelled($0)))\\fR" }
        let word =
            switch (kind, name) {
            case ("flag", let name?): name
            case ("option", let name?): "\(name) \(value)"
            default: value
            }
        let whole = word + (isRepeating ? " ..." : "")
        return isOptional || defaultValue != nil || kind == "flag" ? "[\(whole)]" : whole
    }

    fileprivate var heading: String {
        let names = (names ?? []).map { "\\fB\(roff(spelled($0)))\\fR" }.joined(separator: ", ")
        return kind == "flag" ? names : "\(names) \\fI\(roff(value))\\fR"
    }

    fileprivate var meaning: String {
        let otherwise = defaultValue.map { " (default: \($0))" } ?? ""
        return [abstract ?? "", discussion ?? ""].filter { !$0.isEmpty }.joined(separator: " ") + otherwise
    }
}

/// A line of text that nothing in is taken for a request.
private func roff(_ text: some StringProtocol) -> String {
    let line = String(text).replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("\n", with: " ")
    return line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line
}

/// A table as people read it, with its title and notes, before it takes the form of text, Markdown or LaTeX.
package struct Sheet: Sendable {
    package let title: String
    package let columns: [(title: String, alignment: Columns.Alignment)]
    package var rows: [[Cell]] = []
    package var notes: [String] = []
    /// Lines below the notes that stay as they are.
    package var details: [String] = []
    /// Columns that are said again wherever a narrow terminal makes a new block.
    var fixed = 1

    package struct Cell: Sendable {
        /// Numbers and their signs, "61.82 ± 1.20": mathematics in LaTeX.
        package var figures = ""
        /// Words, after the figures where there are any.
        package var words = ""
        /// Whether it is set off: with a star, or in bold type.
        package var isMarked = false

        static func words(_ words: String) -> Cell { Cell(words: words) }
        static func figures(_ figures: String) -> Cell { Cell(figures: figures) }
        static let nothing = Cell(words: "–")
    }

    func text(width: Int) -> String {
        var table = Columns(columns)
        for row in rows { table.add(row.map(\.text)) }
        let tail = [notes.flatMap { wrapped($0, width: width) }, details].filter { !$0.isEmpty }.flatMap { [""] + $0 }
        return (wrapped(title, width: width) + [""] + table.lines(width: width, fixed: fixed) + tail)
            .joined(separator: "\n")
    }

    /// The table and its notes: a title is the business of the text around it.
    var markdown: String {
        let line = { (cells: [String]) in "| \(cells.joined(separator: " | ")) |" }
        let rule = columns.map { $0.alignment == .left ? "---" : "---:" }
        let table = [columns.map { escapedForMarkdown($0.title) }, rule] + rows.map { $0.map(\.markdown) }
        return (table.map(line) + (notes + details).flatMap { ["", escapedForMarkdown($0)] }).joined(separator: "\n")
    }

    /// A tabular in the style of the booktabs package; title and notes are comments above it.
    var latex: String {
        let alignments = columns.map { $0.alignment == .left ? "l" : "r" }.joined()
        let lines = rows.map { $0.map(\.latex).joined(separator: " & ") + " \\\\" }
        let titles = columns.map { escapedForLaTeX($0.title) }.joined(separator: " & ") + " \\\\"
        return
            (([title] + notes + details).map { "% \($0)" }
            + ["\\begin{tabular}{\(alignments)}", "\\toprule", titles, "\\midrule"] + lines
            + ["\\bottomrule", "\\end{tabular}"]).joined(separator: "\n")
    }
}

extension Sheet.Cell {
    fileprivate var text: String {
        [(isMarked ? "*" : "") + figures, words].filter { !$0.isEmpty }.joined(separator: " ")
    }

    fileprivate var markdown: String {
        let numbers = isMarked ? "**\(figures)**" : figures
        return [numbers, escapedForMarkdown(words)].filter { !$0.isEmpty }.joined(separator: " ")
    }

    fileprivate var latex: String {
        let numbers = figures.replacing("±", with: "\\pm").replacing(" … ", with: " \\ldots ").replacing(
            "%", with: "\\%")
        let math = figures.isEmpty ? "" : isMarked ? "$\\mathbf{\(numbers)}$" : "$\(numbers)$"
        return [math, escapedForLaTeX(words)].filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// Lines of which those that are too long go on below, further in.
func folded(_ lines: [String], width: Int) -> [String] {
    lines.flatMap { line in
        guard line.count > width else { return [line] }
        let margin = String(line.prefix { $0 == " " })
        let parts = wrapped(line, width: max(20, width - margin.count - 2))
        return parts.enumerated().map { margin + ($0.offset == 0 ? "" : "  ") + $0.element }
    }
}

/// The lines of a text that is broken between words.
func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
        if let last = lines.last, last.count + 1 + word.count <= width {
            lines[lines.count - 1] = "\(last) \(word)"
        } else {
            lines.append(String(word))
        }
    }
    return lines
}

/// Lines of fields as RFC 4180 has them.
func commaSeparated(_ lines: [[String]]) -> String {
    lines.map { $0.map(quotedForCSV).joined(separator: ",") }.joined(separator: "\n")
}

private func quotedForCSV(_ text: String) -> String {
    let isPlain = !text.contains { "\",\r\n".contains($0) || $0 == "\r\n" }
    return isPlain ? text : "\"\(text.replacing("\"", with: "\"\""))\""
}

private func escapedForMarkdown(_ text: String) -> String {
    text.replacing("|", with: "\\|").replacing("*", with: "\\*")
}

private func escapedForLaTeX(_ text: String) -> String {
    text.map { character in
        switch character {
        case "&", "%", "$", "#", "_", "{", "}": "\\\(character)"
        case "~": "\\textasciitilde{}"
        case "^": "\\textasciicircum{}"
        case "\\": "\\textbackslash{}"
        case "–": "--"
        default: String(character)
        }
    }.joined()
}

extension Sheet {
    /// - Parameters:
    ///   - format: any but CSV, whose rows are not those that people read.
    ///   - width: columns of the terminal; only `text` heeds it.
    func rendered(_ format: ResultFormat, width: Int) -> String {
        switch format {
        case .text: text(width: width)
        case .markdown: markdown
        case .latex: latex
        case .csv: preconditionFailure("CSV has rows of its own")
        }
    }
}

import Reports

extension Sheet {
    /// The table with its title as caption, in a box of its own that scrolls, and its notes below.
    var html: HTML {
        let titles = columns.map { column in
            "<th scope=\"col\"\(column.alignment.attribute)>\(column.title)</th>" as HTML
        }
        let lines = rows.map { row in
            let cells = zip(columns, row).enumerated().map { place, cell in
                cell.1.html(isHeading: place == 0, cell.0.alignment)
            }
            return "<tr>\(cells)</tr>\n" as HTML
        }
        return """
            \(table(caption: "\(title)", "<tr>\(titles)</tr>", lines))
            \(list(notes))
            \(details.isEmpty ? "" : "<pre>\(details.joined(separator: "\n"))</pre>" as HTML)
            """
    }
}

extension Columns.Alignment {
    fileprivate var attribute: HTML { self == .right ? " class=\"n\"" : "" }
}

extension Sheet.Cell {
    fileprivate func html(isHeading: Bool, _ alignment: Columns.Alignment) -> HTML {
        let parts: [HTML] = [
            figures.isEmpty ? "" : "<span class=\"figures\">\(figures)</span>",
            words.isEmpty ? "" : isHeading || alignment == .left ? "\(words)" : "<span class=\"words\">\(words)</span>",
        ].filter { !$0.isEmpty }
        let content = parts.joined(separator: " ")
        if isHeading { return "<th scope=\"row\">\(content)</th>" }
        let classes: [HTML] = [alignment == .right ? "n" : "", isMarked ? "best" : ""].filter { !$0.isEmpty }
        return "<td class=\"\(classes.joined(separator: " "))\">\(content)</td>"
    }
}

/// A table in a box that scrolls by itself, so that the page never does.
/// - Parameters:
///   - head: the rows of its head.
///   - rows: those of its body.
func table(caption: HTML, classes: HTML = "", _ head: HTML, _ rows: [HTML]) -> HTML {
    """
    <div class="box" tabindex="0" role="region" aria-label="table"><table class="\(classes)"><caption>\(caption)</caption>
    <thead>\(head)</thead>
    <tbody>\(rows)</tbody></table></div>
    """
}

/// The head of a table by the titles of its columns; those of numbers begin with "#".
func head(_ titles: [String]) -> HTML {
    let cells = titles.map { title in
        title.hasPrefix("#")
            ? "<th scope=\"col\" class=\"n\">\(String(title.dropFirst()))</th>" as HTML
            : "<th scope=\"col\">\(title)</th>"
    }
    return "<tr>\(cells)</tr>"
}

/// Remarks below what they are about; nothing of none.
func list(_ notes: [String]) -> HTML {
    notes.isEmpty ? "" : "<ul class=\"notes\">\(notes.map { "<li>\($0)</li>" as HTML })</ul>"
}

/// Names with what is known under them, those without left out.
func facts(_ facts: [(String, HTML?)]) -> HTML {
    let known = facts.compactMap { name, value in value.map { "<dt>\(name)</dt><dd>\($0)</dd>\n" as HTML } }
    return known.isEmpty ? "" : "<dl class=\"facts\">\(known)</dl>"
}

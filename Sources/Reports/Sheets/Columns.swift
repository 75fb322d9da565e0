/// Lines of aligned columns. Libraries for tables draw them as wide as they are; ours breaks into blocks as wide as the
/// terminal, and its first columns are said again in each.
package struct Columns {
    package enum Alignment: Sendable { case left, right }

    private let titles: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []
    private static let gap = "  "

    init(_ columns: [(title: String, alignment: Alignment)]) {
        titles = columns.map(\.title)
        alignments = columns.map(\.alignment)
    }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The titles, a rule and the rows; the first `fixed` columns are said again wherever the width makes a new block
    /// of the others.
    func lines(width: Int = .max, fixed: Int = 1) -> [String] {
        let widths = titles.indices.map { column in
            ([titles] + rows).map { $0[column].count }.max() ?? 0
        }
        var lines: [String] = []
        for block in blocks(widths, width, fixed) {
            if !lines.isEmpty { lines.append("") }
            lines.append(line(titles, block, widths))
            lines.append(block.map { String(repeating: "─", count: widths[$0]) }.joined(separator: Self.gap))
            lines += rows.map { line($0, block, widths) }
        }
        return lines
    }

    private func blocks(_ widths: [Int], _ width: Int, _ fixed: Int) -> [[Int]] {
        let head = Array(titles.indices.prefix(fixed))
        var blocks = [head]
        var used = 0
        for column in titles.indices.dropFirst(fixed) {
            let needed = widths[column] + Self.gap.count
            let left = width - head.map { widths[$0] + Self.gap.count }.reduce(0, +) - used
            if needed > left, blocks[blocks.count - 1].count > fixed {
                blocks.append(head)
                used = 0
            }
            blocks[blocks.count - 1].append(column)
            used += needed
        }
        return blocks
    }

    private func line(_ cells: [String], _ block: [Int], _ widths: [Int]) -> String {
        var text = ""
        for column in block {
            let filler = String(repeating: " ", count: widths[column] - cells[column].count)
            text += alignments[column] == .left ? cells[column] + filler : filler + cells[column]
            text += Self.gap
        }
        while text.last == " " { text.removeLast() }
        return text
    }
}

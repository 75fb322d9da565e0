import Foundation

/// A picture that gnuplot draws.
package struct Plot: Sendable {
    /// What its file is called, without an ending.
    package let name: String
    private let body: String
    private let size: (width: Double, height: Double)

    package enum Format: String, CaseIterable, Sendable {
        case svg, pdf
    }

    init(_ name: String, size: (width: Double, height: Double) = (6, 4), _ body: String) {
        self.name = String(name.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "-" })
        self.body = body
        self.size = size
    }

    /// All that gnuplot must be told to write the picture to a file.
    package func script(_ format: Format, to path: String) -> String {
        """
        \(terminal(format))
        set output \(quoted(path))
        set border 3 lw 1 lc rgb '#404040'
        set tics nomirror out scale 0.5 textcolor rgb '#202020'
        set grid ytics lw 0.5 lc rgb '#e0e0e0'
        set style fill solid 0.85 noborder
        \(body)
        """
    }

    /// Sizes are in inches; SVG counts 96 dots to the inch.
    private func terminal(_ format: Format) -> String {
        switch format {
        case .svg:
            "set terminal svg noenhanced size \(Int(size.width * 96)),\(Int(size.height * 96)) font 'Helvetica,12' background 'white'"
        case .pdf: "set terminal pdfcairo noenhanced size \(size.width)in,\(size.height)in font 'Helvetica,10'"
        }
    }
}

/// The command for a key whose upper left corner is at a place of the whole picture, from (0, 0) to (1, 1).
func keyAtRight(_ x: Double, _ y: Double) -> String {
    "set key at screen \(x),\(y) left top Left reverse samplen 1.5"
}

/// Text as gnuplot reads it between single quotes.
func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }

/// A block of data with a name, a row a line.
func datablock(_ name: String, _ rows: [[Double]]) -> String {
    let lines = rows.map { row in row.map { $0.isFinite ? "\($0)" : "NaN" }.joined(separator: " ") }
    return (["$\(name) << END"] + lines + ["END"]).joined(separator: "\n")
}

/// Colours that stay apart for those who see fewer of them (Okabe and Ito 2008), and go round again after eight.
func colour(_ place: Int) -> String {
    let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000"]
    return quoted(colours[place % colours.count])
}

/// A curve in braille: each character has two dots beside each other and four above each other.
struct BrailleCurve {
    private let columns: Int
    private let rows: Int
    /// [row of dots][column of dots], the highest first.
    private var dots: [[Bool]]

    /// - Parameters:
    ///   - values: at equal distances; what is not finite is left out.
    ///   - columns: characters of a line.
    init(_ values: [Double], columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        dots = Array(repeating: Array(repeating: false, count: columns * 2), count: rows * 4)
        let finite = values.filter(\.isFinite)
        guard let least = finite.min(), let most = finite.max() else { return }
        let (width, height) = (columns * 2, rows * 4)
        var before: Int?
        for column in 0..<width {
            // A curve of fewer points than dots ends where it has come to.
            guard finite.count >= width || column < finite.count else { break }
            let place = finite.count <= width ? column : column * (finite.count - 1) / (width - 1)
            let share = most > least ? (finite[place] - least) / (most - least) : 0
            let row = height - 1 - Int((share * Double(height - 1)).rounded())
            for between in min(row, before ?? row)...max(row, before ?? row) { dots[between][column] = true }
            before = row
        }
    }

    /// As many as there are rows, each as long as there are columns.
    var lines: [String] {
        (0..<rows).map { row in
            String(String.UnicodeScalarView((0..<columns).map { scalar(row, $0) }))
        }
    }

    /// Unicode counts the dots of a character down the left side, then the right, the lowest two last.
    private func scalar(_ row: Int, _ column: Int) -> Unicode.Scalar {
        let places = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 0), (3, 1)]
        let bits = places.enumerated().reduce(UInt32(0)) { bits, place in
            let isSet = dots[row * 4 + place.element.0][column * 2 + place.element.1]
            return isSet ? bits | 1 << UInt32(place.offset) : bits
        }
        return Unicode.Scalar(0x2800 + bits) ?? " "
    }
}

/// The name a person is likely to have meant.
/// - Returns: nil where no known name is near enough to be worth a question.
package func nearestName(to name: String, among known: [String]) -> String? {
    // A longer one was never meant as a name, and would take its time.
    guard name.utf8.count <= 200 else { return nil }
    let plain = normalized(name)
    let nearest = known.map { (name: $0, distance: editDistance(plain, normalized($0))) }
        .min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= max(1, plain.count / 3) else { return nil }
    return nearest.name
}

/// What to add to a sentence about an unknown name: the name that was likely meant, and where there is none those that are
/// known, or a dozen of them.
package func hint(for name: String, among known: [String]) -> String {
    let guess = guess(at: name, among: known)
    guard guess.isEmpty, !known.isEmpty else { return guess }
    let shown = known.prefix(12).joined(separator: ", ")
    return known.count > 12 ? "; known: \(shown) and \(known.count - 12) more" : "; known: \(shown)"
}

/// What to add to a sentence that says what is known already: the name that was likely meant; empty where there is none.
package func guess(at name: String, among known: [String]) -> String {
    nearestName(to: name, among: known).map(guess) ?? ""
}

/// - Parameter meant: a name that is known.
package func guess(_ meant: String) -> String { "; did you mean '\(meant)'?" }

private func normalized(_ name: String) -> [Character] {
    name.lowercased().map { $0 == "_" || $0 == " " ? "-" : $0 }
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one name into the other
/// (optimal string alignment).
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in 0..<left.count {
        var current = [row + 1]
        for column in 0..<right.count {
            let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
            var best = min(replaced, last[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                best = min(best, beforeLast[column - 1] + 1)
            }
            current.append(best)
        }
        (beforeLast, last) = (last, current)
    }
    return last[right.count]
}

import Experiments

/// Cuts the ends of a text or a pair so that both together have at most `room` tokens.
func cut(
    _ first: inout [Int32], _ second: inout [Int32]?, to room: Int, by truncation: Truncation
) throws(TokenizerError) {
    let excess = first.count + (second?.count ?? 0) - room
    guard excess > 0 else { return }
    first.removeLast(min(excess, first.count))
}

import Experiments
import Searches

extension Search {
    static func grid(_ axes: [(String, [String])], growths: Int = 4, halving: Int? = nil) -> Search {
        Search(
            axes: axes.map { SearchAxis(key: $0.0, values: .numbers($0.1)) }, candidates: .grid(growths: growths),
            halving: halving)
    }

    static func rates(_ values: String..., growths: Int = 4, halving: Int? = nil) -> Search {
        grid([("lr", values)], growths: growths, halving: halving)
    }
}

extension SearchPoint {
    /// The number that the point gives a setting.
    func number(_ key: String) -> Double {
        settings.first { $0.key == key }.flatMap { Double($0.value) } ?? .nan
    }

    var values: [String] { settings.map(\.value) }
}

extension SearchCourse {
    var chosen: SearchPoint? { if case .chosen(let point) = state { point } else { nil } }
}

/// SplitMix64, so that a failure is repeated by its seed.
struct Generator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

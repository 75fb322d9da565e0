import Experiments
import Files
import Foundation

/// All numbers between two, for points drawn at random.
package struct Interval: Codable, Hashable, Sendable {
    package let low: Double
    package let high: Double
    /// Whether numbers are drawn evenly on a logarithmic scale; both ends are then above 0.
    package let isLogarithmic: Bool
    /// Whether only whole numbers count.
    package let isWhole: Bool

    package init(low: Double, high: Double, isLogarithmic: Bool, isWhole: Bool) {
        self.low = low
        self.high = high
        self.isLogarithmic = isLogarithmic
        self.isWhole = isWhole
    }

    /// The number that lies so far between the ends, with three digits: nobody needs more, and they are read by people.
    func text(at position: Double) -> String {
        let value =
            isLogarithmic ? exp(log(low) + position * (log(high) - log(low))) : low + position * (high - low)
        // Rounding must not leave the interval.
        guard !isWhole else { return "\(Int(min(max(value.rounded(), low), high)))" }
        let rounded = Double(String(format: "%.3g", value)) ?? value
        return String(format: "%.6g", min(max(rounded, low), high))
    }
}

extension Search {
    /// Distinct points, each value a function of the seed, the point's number and the setting: more points, or another
    /// setting, leave those that there were as they are.
    func drawnPoints(_ count: Int, seed: UInt64) -> [SearchPoint] {
        var points: [SearchPoint] = []
        var seen: Set<SearchPoint> = []
        // Few values have few combinations; past so many draws a new one is not to be hoped for.
        for number in 0..<count * 20 where points.count < count {
            let point = SearchPoint(axes.map { SearchedSetting(key: $0.key, value: $0.draw(number, seed)) })
            if seen.insert(point).inserted { points.append(point) }
        }
        return points
    }
}

extension SearchAxis {
    fileprivate func draw(_ number: Int, _ seed: UInt64) -> String {
        let position = uniform("\(seed)/\(number)/\(key)")
        switch values {
        case .numbers(let texts), .words(let texts):
            return texts[min(Int(position * Double(texts.count)), texts.count - 1)]
        case .interval(let interval): return interval.text(at: position)
        }
    }
}

/// A number from 0 to below 1 that depends on nothing but the name: the first 52 bits of its SHA-256.
private func uniform(_ name: String) -> Double {
    let bits = UInt64(Digest(of: Array(name.utf8)).hex.prefix(13), radix: 16) ?? 0
    return Double(bits) / 0x1p52
}

import Foundation

/// An axis of a drawing: which numbers lie on it, and where its ticks are.
struct Axis {
    let low: Double
    let high: Double
    let isLogarithmic: Bool
    let ticks: [Double]

    /// An axis with all of the numbers and a margin at both ends.
    ///
    /// - Parameters:
    ///   - isLogarithmic: only where all numbers are above 0; nil where powers of ten show them better, which is where the
    ///     largest is a multiple of the smallest.
    ///   - whole: whether there is nothing between whole numbers.
    ///   - most: the largest number that there is, above which no tick stands; nil where there is none.
    init(
        _ values: [Double], isLogarithmic wish: Bool? = false, margin: Double = 0.06, whole: Bool = false,
        most bound: Double? = nil
    ) {
        let known = values.filter(\.isFinite)
        let least = known.min() ?? 0
        let most = known.max() ?? 1
        isLogarithmic = least > 0 && (wish ?? (most / least >= 8))
        if isLogarithmic {
            let span = max(log10(most / least), 0.3)
            let middle = log10(most * least) / 2
            low = pow(10, middle - span * (0.5 + margin))
            high = pow(10, middle + span * (0.5 + margin))
            ticks = Self.powers(low, min(high, bound ?? high))
        } else {
            let span = most > least ? most - least : max(abs(most) * 0.1, whole ? 1 : 0.01)
            let middle = (least + most) / 2
            let top = middle + span * (0.5 + margin)
            low = middle - span * (0.5 + margin)
            high = top
            ticks = Self.steps(low, top, whole: whole).filter { $0 <= bound ?? top }
        }
    }

    /// Where a number lies, from 0 at the axis's beginning to 1 at its end.
    func place(of value: Double) -> Double {
        isLogarithmic ? log10(max(value, low) / low) / log10(high / low) : (value - low) / (high - low)
    }

    /// Some six round numbers.
    private static func steps(_ low: Double, _ high: Double, whole: Bool) -> [Double] {
        let rough = (high - low) / 5
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
        let used = whole ? max(1, step.rounded()) : step
        let first = (low / used).rounded(.up)
        return (0..<12).map { (first + Double($0)) * used }.filter { $0 <= high }
    }

    /// Powers of ten; where there are fewer than three, their doubles and fives, too.
    private static func powers(_ low: Double, _ high: Double) -> [Double] {
        let exponents = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
        let decades = exponents.map { pow(10, Double($0)) }.filter { low...high ~= $0 }
        guard decades.count < 3 else {
            let stride = max(1, (decades.count + 5) / 6)
            return decades.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
        }
        return exponents.flatMap { exponent in [1, 2, 5].map { $0 * pow(10, Double(exponent)) } }.filter {
            low...high ~= $0
        }
    }

    /// A tick as people write it.
    func label(_ tick: Double) -> String {
        if tick == 0 { return "0" }
        let size = abs(tick)
        if size < 1e-3 || size >= 1e6 {
            let exponent = Int(floor(log10(size) + 1e-9))
            return "\(String(format: "%g", tick / pow(10, Double(exponent))))e\(exponent)"
        }
        return String(format: "%.6g", isLogarithmic ? tick : (tick * 1e9).rounded() / 1e9)
    }
}

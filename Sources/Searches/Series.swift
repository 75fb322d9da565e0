import Foundation

/// How a list of numbers goes on beyond its ends: powers as powers (16, 32, 64), everything else as 1, 2, 5, 10, 20, 50.
struct Series {
    /// The next number below the smallest; nil at zero and below it.
    let below: String?
    /// The next number above the largest; nil where that is below zero or zero.
    let above: String?

    /// - Parameter values: numbers, ascending.
    init(_ values: [String]) {
        let numbers = values.compactMap(Double.init)
        guard let first = numbers.first, let last = numbers.last else {
            (below, above) = (nil, nil)
            return
        }
        if let ratio = Self.ratio(of: numbers) {
            (below, above) = (rounded(first / ratio), rounded(last * ratio))
        } else {
            below = first > 0 ? OneTwoFive.last(below: first) : nil
            above = last > 0 ? OneTwoFive.first(above: last) : nil
        }
    }

    /// What each number is to the one before; nil where that differs, and for numbers that are all 1, 2 or 5 times a
    /// power of ten.
    private static func ratio(of numbers: [Double]) -> Double? {
        guard numbers.count > 1, numbers.allSatisfy({ $0 > 0 }), !numbers.allSatisfy(OneTwoFive.contains) else {
            return nil
        }
        let ratios = zip(numbers.dropFirst(), numbers).map { $0 / $1 }
        guard let ratio = ratios.first, ratios.allSatisfy({ abs($0 / ratio - 1) < 1e-6 }) else { return nil }
        return ratio
    }
}

/// The numbers 1, 2 and 5 times a power of ten, as text.
package enum OneTwoFive {
    /// Those from one positive number to another, and these two themselves.
    package static func numbers(from low: String, to high: String) -> [String] {
        guard let first = Double(low), let last = Double(high), first > 0, first < last else { return [low] }
        var numbers = [low]
        var next = Self.first(above: first)
        while let value = Double(next), value < last * (1 - 1e-9) {
            numbers.append(next)
            next = Self.first(above: value)
        }
        return numbers + [high]
    }

    static func first(above number: Double) -> String {
        around(number).first { $0.value > number * (1 + 1e-9) }?.text ?? rounded(number * 2)
    }

    static func last(below number: Double) -> String {
        around(number).last { $0.value < number * (1 - 1e-9) }?.text ?? rounded(number / 2)
    }

    static func contains(_ number: Double) -> Bool {
        number > 0 && around(number).contains { abs($0.value / number - 1) < 1e-9 }
    }

    /// The numbers of the series near a positive one, ascending.
    private static func around(_ number: Double) -> [(text: String, value: Double)] {
        let exponent = Int(log10(number).rounded(.down))
        return (exponent - 1...exponent + 1).flatMap { exponent in
            [1, 2, 5].compactMap { digit in
                let text = spelled(digit, exponent)
                return Double(text).map { (text, $0) }
            }
        }
    }

    /// 50, 0.5, 0.05, 5e-3: as people write it.
    private static func spelled(_ digit: Int, _ exponent: Int) -> String {
        switch exponent {
        case 0...9: "\(digit)" + String(repeating: "0", count: exponent)
        case -2 ... -1: "0." + String(repeating: "0", count: -exponent - 1) + "\(digit)"
        default: "\(digit)e\(exponent)"
        }
    }
}

/// A number with six digits at most.
private func rounded(_ number: Double) -> String { String(format: "%.6g", number) }

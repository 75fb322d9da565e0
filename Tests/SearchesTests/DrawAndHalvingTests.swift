import Experiments
import Foundation
import Searches
import Testing

private let rate = SearchAxis(
    key: "lr", values: .interval(Interval(low: 1e-5, high: 1e-2, isLogarithmic: true, isWhole: false)))
private let length = SearchAxis(
    key: "max-length", values: .interval(Interval(low: 16, high: 128, isLogarithmic: false, isWhole: true)))
private let batch = SearchAxis(key: "batch", values: .numbers(["16", "32"]))

private func random(_ axes: SearchAxis..., count: Int, seed: UInt64 = 1, halving: Int? = nil) -> Search {
    Search(axes: axes, candidates: .drawn(count: count, seed: seed), halving: halving)
}

struct RandomSearchTests {
    @Test func `tries distinct points within their bounds and chooses the best`() {
        let course = random(rate, length, batch, count: 50).course { .score($0.number("lr")) }
        #expect(course.points.count == 50 && Set(course.points).count == 50)
        for point in course.points {
            #expect(1e-5...1e-2 ~= point.number("lr"))
            #expect(Int(point.values[1]).map { 16...128 ~= $0 } ?? false)
            #expect(["16", "32"].contains(point.values[2]))
        }
        #expect(course.chosen?.number("lr") == course.points.map { $0.number("lr") }.max())
        let low = course.points.count { $0.number("lr") < 1e-3 }
        #expect(25...42 ~= low, "two of three decades lie below 1e-3")
    }

    @Test func `draws the same again, and more draws or settings leave the first ones as they are`() {
        let few = random(rate, count: 5).firstPoints
        #expect(random(rate, count: 5).firstPoints == few)
        #expect(random(rate, count: 9).firstPoints.starts(with: few))
        #expect(random(rate, batch, count: 5).firstPoints.map { $0.values[0] } == few.map { $0.values[0] })
        #expect(random(rate, count: 5, seed: 2).firstPoints != few)
    }

    @Test func `says where there are fewer points than it was asked for`() {
        let course = random(batch, count: 5).course { .score($0.number("batch")) }
        #expect(course.points.count == 2 && course.chosen?.values == ["32"])
        #expect(course.remarks == ["the values have 2 combinations, so no more points than those were drawn"])
    }
}

struct HalvingTests {
    @Test func `gives ever fewer points ever more of the budget`() {
        let course = random(rate, count: 16, halving: 4).course { .score($0.number("lr")) }
        #expect(course.points.count == 20)
        #expect(course.points.prefix(16).allSatisfy { $0.share == 1.0 / 16 })
        #expect(course.points.suffix(4).allSatisfy { $0.share == 1.0 / 4 })
        let best = course.points.prefix(16).map { $0.number("lr") }.sorted().suffix(4)
        #expect(Set(course.points.suffix(4).map { $0.number("lr") }) == Set(best))
        #expect(course.chosen?.share == 1)
        #expect(course.chosen?.number("lr") == best.max())
        #expect(course.remarks == ["of 16 points with 1/16 of the budget, the best 4 go on"])
    }

    @Test(arguments: [(2, 2, [2]), (3, 4, [3]), (10, 3, [10, 3]), (16, 2, [16, 8, 4, 2])])
    func `has as many rounds as it needs to leave one`(points: Int, factor: Int, rounds: [Int]) {
        let course = random(rate, count: points, halving: factor).course { .score($0.number("lr")) }
        let counts = Dictionary(grouping: course.points, by: \.share).sorted { $0.key < $1.key }.map(\.value.count)
        #expect(counts == rounds)
        #expect(course.points.last?.share == 1 / Double(factor))
    }

    @Test func `of a grid does not grow it`() {
        let course = Search.rates("1e-4", "1e-3", halving: 2).course { .score($0.number("lr")) }
        #expect(course.points.map(\.share) == [0.5, 0.5] && course.chosen?.values == ["1e-3"])
    }

    @Test func `never lets a failed point go on`() {
        let course = random(rate, count: 16, halving: 4).course { point in
            point.number("lr") > 5e-5 ? .failed : .score(1)
        }
        #expect(course.points.filter { $0.share > 0.1 }.allSatisfy { $0.number("lr") <= 5e-5 })
        #expect((course.chosen?.number("lr") ?? 1) <= 5e-5)
        let nothing = random(rate, count: 16, halving: 4).course { _ in .failed }
        #expect(
            nothing.state == .failed(reason: "none of the 16 points tried has a score") && nothing.points.count == 16)
    }
}

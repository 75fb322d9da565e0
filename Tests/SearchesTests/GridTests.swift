import Experiments
import Foundation
import Searches
import Testing

struct GridTests {
    /// Best where the rate is this one.
    private func best(at rate: Double) -> (SearchPoint) -> Verdict {
        { .score(-abs(log10($0.number("lr") / rate))) }
    }

    @Test func `that starts off its optimum grows to it and says so`() {
        let course = Search.rates("1e-5", "2e-5", "5e-5", growths: 10).course(best(at: 1e-3))
        #expect(course.chosen?.values == ["1e-3"])
        #expect(course.points.map { $0.values[0] } == ["1e-5", "2e-5", "5e-5", "1e-4", "2e-4", "5e-4", "1e-3", "2e-3"])
        #expect(course.remarks.count == 5)
        #expect(course.remarks.first == "the best lr, 5e-5, is the largest of the grid, which grows to 1e-4")
        #expect(course.remarks.last == "the best lr, 1e-3, is the largest of the grid, which grows to 2e-3")
    }

    @Test func `grows downwards too`() {
        let course = Search.rates("1e-3", "5e-3").course(best(at: 2e-4))
        #expect(course.chosen?.values == ["2e-4"])
        #expect(course.remarks.first == "the best lr, 1e-3, is the smallest of the grid, which grows to 5e-4")
    }

    @Test func `of one value grows at both ends`() {
        let course = Search.rates("1e-4").course(best(at: 2e-4))
        #expect(course.chosen?.values == ["2e-4"])
        #expect(Set(course.points.flatMap(\.values)) == ["5e-5", "1e-4", "2e-4", "5e-4"])
    }

    @Test func `grows no more often than it may, and remarks on it`() {
        let course = Search.rates("1e-5", growths: 2).course { .score($0.number("lr")) }
        #expect(course.chosen?.values == ["5e-5"])
        #expect(
            course.remarks.last
                == "the best lr, 5e-5, is the largest of the grid, beyond which 'grow' lets it not go; it has grown 2 times"
        )
        let fixed = Search.rates("1e-5", growths: 0).course { .score($0.number("lr")) }
        #expect(fixed.points.count == 1 && fixed.chosen?.values == ["1e-5"])
        #expect(fixed.remarks.count == 2, "one value lies at both ends")
    }

    @Test func `whose best lies within stays as it is`() {
        let course = Search.rates("1e-5", "1e-4", "1e-3").course(best(at: 1e-4))
        #expect(course.points.count == 3 && course.remarks.isEmpty)
    }

    @Test func `does not grow where it is as good further in, and the smaller of equals is chosen`() {
        let course = Search.rates("5e-5", "1e-5", "2e-5").course { _ in .score(0.5) }
        #expect(course.chosen?.values == ["1e-5"])
        #expect(course.points.count == 3)
        #expect(
            course.remarks == [
                "all 3 points have the same score, which does not show where to look; try other values"
            ])
    }

    @Test func `takes failed points for worse than any`() {
        let course = Search.rates("1e-3", "1e-2", "0.1").course { point in
            point.number("lr") > 5e-3 ? .failed : .score(-100 - abs(log10(point.number("lr") / 1e-3)))
        }
        #expect(course.chosen?.values == ["1e-3"])
        #expect(course.points.map { $0.values[0] }.contains("5e-4"), "it may be better yet below")
    }

    @Test func `of failed points alone has failed`() {
        let course = Search.rates("1e-3", "1e-2").course { _ in .failed }
        #expect(course.state == .failed(reason: "none of the 2 points tried has a score"))
        #expect(course.points.count == 2)
    }

    @Test func `stops where the next value cannot be had`() {
        let course = Search.grid([("warmup", ["0.5", "1"])]).course { point in
            point.number("warmup") > 1 ? .refused("it is more than 1") : .score(point.number("warmup"))
        }
        #expect(course.chosen?.values == ["1"])
        #expect(course.points.count == 2)
        #expect(
            course.remarks == [
                "the best warmup, 1, is the largest of the grid, beyond which it cannot grow: it is more than 1"
            ])
    }

    @Test func `has nothing below zero`() {
        let course = Search.grid([("warmup", ["0", "0.1"])]).course { .score(-$0.number("warmup")) }
        #expect(course.chosen?.values == ["0"] && course.points.count == 2 && course.remarks.isEmpty)
    }

    @Test func `of several settings is their product and grows in each direction by itself`() {
        let search = Search.grid([("lr", ["1e-4", "1e-3"]), ("batch", ["16", "32"])])
        let course = search.course { point in
            let rate = abs(log10(point.number("lr") / 5e-3))
            let batch = abs(log2(point.number("batch") / 16))
            return .score(-rate - batch)
        }
        #expect(course.chosen?.values == ["5e-3", "16"])
        #expect(
            course.points.prefix(4).map(\.values) == [
                ["1e-4", "16"], ["1e-4", "32"], ["1e-3", "16"], ["1e-3", "32"],
            ])
        #expect(course.points.contains { $0.values == ["2e-3", "8"] })
        #expect(Set(course.points).count == course.points.count)
    }

    @Test func `of words is tried as it is`() {
        let search = Search(
            axes: [SearchAxis(key: "head", values: .words(["hf", "linear"]))], candidates: .grid(growths: 4))
        let course = search.course { .score($0.values == ["linear"] ? 1 : 0) }
        #expect(course.chosen?.values == ["linear"])
        #expect(course.points.count == 2 && course.remarks.isEmpty)
    }

    @Test(arguments: [
        (["16", "32", "64"], "128", "8"), (["1e-4", "3e-4", "1e-3"], "2e-3", "5e-5"), (["3", "4", "5"], "10", "2"),
        (["1", "10"], "20", "0.5"), (["0.3"], "0.5", "0.2"), (["900000"], "1000000", "500000"),
    ])
    func `goes on as powers, or else as 1, 2 and 5`(values: [String], above: String, below: String) {
        let upwards = Search.grid([("x", values)], growths: 1).course { .score($0.number("x")) }
        #expect(upwards.points.contains { $0.values == [above] })
        let downwards = Search.grid([("x", values)], growths: 1).course { .score(-$0.number("x")) }
        #expect(downwards.points.contains { $0.values == [below] })
    }

    @Test(arguments: [
        ("1e-5", "1e-3", ["1e-5", "2e-5", "5e-5", "1e-4", "2e-4", "5e-4", "1e-3"]),
        ("3e-5", "3e-4", ["3e-5", "5e-5", "1e-4", "2e-4", "3e-4"]),
        ("0.05", "2", ["0.05", "0.1", "0.2", "0.5", "1", "2"]),
    ])
    func `may be a range of 1, 2 and 5, its ends among them`(low: String, high: String, numbers: [String]) {
        #expect(OneTwoFive.numbers(from: low, to: high) == numbers)
    }
}

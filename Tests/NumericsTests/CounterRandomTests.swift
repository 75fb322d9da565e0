import CKernels
import Numerics
import Testing

struct CounterRandomTests {
    /// Random123-1.14, tests/kat_vectors, lines "philox4x32 10".
    @Test(
        arguments: [
            ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            (
                [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [0xffff_ffff, 0xffff_ffff],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
            ),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
            ),
        ] as [([UInt32], [UInt32], [UInt32])])
    func `Philox gives the published answers`(counter: [UInt32], key: [UInt32], expected: [UInt32]) {
        var result = [UInt32](repeating: 0, count: 4)
        random_block(counter, key, &result)
        #expect(result == expected)
    }

    @Test func `a number is the same alone and in bulk`() {
        let random = CounterRandom(seed: 0x1234_5678_9abc_def0, purpose: Purpose.first, step: 7, example: 9)
        #expect(random.bits(count: 300) == (0..<300).map { random.bits($0) })
    }

    @Test func `seed, purpose, step and example each give other numbers`() {
        let streams = [
            CounterRandom(seed: 1, purpose: Purpose.first), CounterRandom(seed: 2, purpose: Purpose.first),
            CounterRandom(seed: 1 << 32 | 1, purpose: Purpose.first), CounterRandom(seed: 1, purpose: Purpose.second),
            CounterRandom(seed: 1, purpose: Purpose.first, step: 1),
            CounterRandom(seed: 1, purpose: Purpose.first, example: 1),
        ]
        #expect(Set(streams.map { $0.bits(count: 8) }).count == streams.count)
    }

    /// The mean of n draws has deviation sigma/√n; five of them are allowed.
    @Test func `uniform and normal numbers have their moments`() {
        let random = CounterRandom(seed: 3, purpose: Purpose.third)
        let count = 100_000
        let uniform = (0..<count).map { random.uniform($0) }
        let normal = (0..<count).map { random.normal($0) }
        let mean = { (values: [Double]) in values.reduce(0, +) / Double(count) }
        let deviationOfMean = 1 / Double(count).squareRoot()
        #expect(abs(mean(uniform) - 0.5) < 5 * deviationOfMean / 12.0.squareRoot())
        #expect(abs(mean(normal)) < 5 * deviationOfMean)
        #expect(abs(mean(normal.map { $0 * $0 }) - 1) < 5 * deviationOfMean * 2.0.squareRoot())
        #expect(uniform.allSatisfy { 0 <= $0 && $0 < 1 })
    }

    @Test func `a permutation holds every number once and changes with the step`() {
        let first = CounterRandom(seed: 5, purpose: Purpose.first, step: 0).permutation(1_000)
        let second = CounterRandom(seed: 5, purpose: Purpose.first, step: 1).permutation(1_000)
        #expect(first.sorted() == Array(0..<1_000))
        #expect(second.sorted() == first.sorted())
        #expect(first != second)
        #expect(first != Array(0..<1_000))
        #expect(CounterRandom(seed: 5, purpose: Purpose.first).permutation(0).isEmpty)
    }

    @Test func `an integer below a bound takes every value`() {
        let random = CounterRandom(seed: 6, purpose: Purpose.second)
        #expect(Set((0..<200).map { random.below(7, $0) }) == Set(0..<7))
    }
}

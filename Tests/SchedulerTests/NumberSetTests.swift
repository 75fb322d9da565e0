import Scheduler
import TestKit
import Testing

struct NumberSetTests {
    @Test(arguments: [1, 64, 65, 4096, 4097, 300_000])
    func `it holds what a set would hold, and finds the next and the one before any`(bound: Int) {
        var generator = Generator(seed: UInt64(bound))
        var numbers = NumberSet(below: bound)
        var expected: Set<Int> = []
        #expect(numbers.isEmpty && numbers.first() == nil)
        for round in 0..<2_000 {
            let number = Int.random(in: 0..<bound, using: &generator)
            // It fills up, and is emptied again.
            if generator.chance(round < 1_000 ? 0.7 : 0.2) {
                numbers.insert(number)
                expected.insert(number)
            } else {
                let gone = expected.filter { $0 >= number }.min() ?? number
                numbers.remove(gone)
                expected.remove(gone)
            }
            let from = Int.random(in: 0...bound, using: &generator)
            #expect(numbers.first(from: from) == expected.filter { $0 >= from }.min())
            #expect(numbers.last(below: from) == expected.filter { $0 < from }.max())
            #expect(numbers.contains(number) == expected.contains(number))
            #expect(numbers.isEmpty == expected.isEmpty)
        }
        #expect(numbers.last() == expected.max())
        for number in expected.sorted() { numbers.remove(number) }
        #expect(numbers.isEmpty && numbers.first() == nil && numbers.last() == nil)
    }
}

import Experiments
import Testing
import Training

struct DataOrderTests {
    @Test func `every epoch visits each example once, in an order of its own`() {
        let first = DataOrder.order(epoch: 0, count: 100, seed: 7, shuffle: .everyEpoch)
        let second = DataOrder.order(epoch: 1, count: 100, seed: 7, shuffle: .everyEpoch)
        #expect(first.sorted() == Array(0..<100))
        #expect(second.sorted() == Array(0..<100))
        #expect(first != second)
        #expect(first != Array(0..<100))
    }

    @Test func `an order is a function of seed and epoch alone`() {
        let order = { DataOrder.order(epoch: 3, count: 50, seed: $0, shuffle: .everyEpoch) }
        #expect(order(1) == order(1))
        #expect(order(1) != order(2))
    }

    @Test func `without shuffling the file's order stays`() {
        #expect(DataOrder.order(epoch: 5, count: 4, seed: 1, shuffle: .never) == [0, 1, 2, 3])
    }

    @Test func `an order that is drawn once is that of every epoch`() {
        let order = { DataOrder.order(epoch: $0, count: 100, seed: $1, shuffle: .once) }
        #expect(order(0, 7) == DataOrder.order(epoch: 0, count: 100, seed: 7, shuffle: .everyEpoch))
        #expect(order(5, 7) == order(0, 7))
        #expect(order(0, 8) != order(0, 7))
    }

    @Test(arguments: [1, 2, 3, 4, 9])
    func `each example of a batch goes to exactly one rank, and tokens are shared evenly`(ranks: Int) {
        let batch = [11, 4, 7, 0, 2, 9, 5, 3]
        let length = { (example: Int) in 10 + example % 5 * 7 }
        let shares = (0..<ranks).map { DataOrder.share(of: batch, lengths: length, rank: $0, of: ranks) }
        #expect(shares.flatMap { $0 }.sorted() == batch.sorted())
        let tokens = shares.map { $0.reduce(0) { $0 + length($1) } }
        #expect(tokens.max()! - tokens.min()! <= 38, "the longest example bounds the difference")
        for share in shares {
            #expect(share == batch.filter { share.contains($0) }, "a rank keeps the batch's order")
        }
    }

    @Test func `parts are contiguous and cover everything`() {
        let parts = (0..<3).map { DataOrder.part(of: 8, rank: $0, of: 3) }
        #expect(parts == [0..<2, 2..<5, 5..<8])
    }

    @Test func `a validation split takes its share once and by seed`() {
        let split = DataOrder.split(count: 50, validation: 0.2, seed: 3)
        #expect(split.validation.count == 10)
        #expect((split.training + split.validation).sorted() == Array(0..<50))
        #expect(split.validation != DataOrder.split(count: 50, validation: 0.2, seed: 4).validation)
        #expect(DataOrder.split(count: 50, validation: nil, seed: 3).training == Array(0..<50))
    }
}

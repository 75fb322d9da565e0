package import Collectives
import Foundation

/// Ranks that are threads of this process.
package final class ThreadRanks: @unchecked Sendable {
    // All that changes is read and written with the condition locked.
    private let condition = NSCondition()
    private let size: Int
    private var given: [Int: [UInt8]] = [:]
    private var taken = 0
    private var round: [[UInt8]]?

    package init(size: Int) { self.size = size }

    package func communicator(_ rank: Int) -> any Communicator {
        ThreadCommunicator(ranks: self, rank: rank, size: size)
    }

    /// Calls `body` on every rank, each a thread of its own.
    /// - Returns: what rank 0 returned.
    /// - Throws: what the first rank threw that threw anything.
    package func run<Result: Sendable>(
        _ body: @escaping @Sendable (any Communicator) throws -> Result
    ) throws -> Result {
        let ends = (0..<size).map { rank in
            let end = End<Result>()
            let thread = Thread {
                let result = Swift.Result { try body(self.communicator(rank)) }
                end.set(result)
            }
            thread.stackSize = 8 << 20
            thread.start()
            return end
        }
        let results = try ends.map { try $0.wait().get() }
        return results[0]
    }

    /// Waits until every rank has given its bytes.
    fileprivate func exchange(_ bytes: [UInt8], rank: Int) -> [[UInt8]] {
        condition.lock()
        defer { condition.unlock() }
        while round != nil || given[rank] != nil { condition.wait() }
        given[rank] = bytes
        if given.count == size { round = (0..<size).compactMap { given[$0] } }
        condition.broadcast()
        while round == nil { condition.wait() }
        let all = round ?? []
        taken += 1
        if taken == size { (given, taken, round) = ([:], 0, nil) }
        condition.broadcast()
        return all
    }
}

/// What a thread comes to.
private final class End<Value: Sendable>: @unchecked Sendable {
    // `result` is read and written with the condition locked.
    private let condition = NSCondition()
    private var result: Result<Value, any Error>?

    func set(_ result: Result<Value, any Error>) {
        condition.withLock {
            self.result = result
            condition.signal()
        }
    }

    func wait() -> Result<Value, any Error> {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let result { return result }
            condition.wait()
        }
    }
}

private final class ThreadCommunicator: Communicator {
    let ranks: ThreadRanks
    let rank: Int
    let size: Int
    let failure: MPIError? = nil
    /// What is to be summed, as it was when that began.
    private var begun: [(values: UnsafeMutableBufferPointer<Float>, given: [Float], format: WireFormat)] = []

    init(ranks: ThreadRanks, rank: Int, size: Int) {
        self.ranks = ranks
        self.rank = rank
        self.size = size
    }

    func beginSum(_ values: UnsafeMutableBufferPointer<Float>, as format: WireFormat) {
        begun.append((values, values.map { rounded($0, to: format) }, format))
    }

    func progressSums() {}

    func finishSums() {
        for (values, given, format) in begun {
            let all = gather(given.withUnsafeBytes { Array($0) })
            precondition(all.allSatisfy { $0.count == 4 * given.count }, "ranks began other sums")
            for index in given.indices {
                let numbers = all.map { bytes in
                    bytes.withUnsafeBytes { $0.load(fromByteOffset: 4 * index, as: Float.self) }
                }
                values[index] = rounded(numbers.dropFirst().reduce(numbers[0], +), to: format)
            }
        }
        begun = []
    }

    /// To the nearest, and to even between two.
    private func rounded(_ value: Float, to format: WireFormat) -> Float {
        guard format == .bf16 else { return value }
        let bits = value.bitPattern
        return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
    }

    func sum(_ values: [Double]) -> [Double] {
        let all = gather(values.withUnsafeBytes { Array($0) })
        return values.indices.map { index in
            all.reduce(0) { sum, bytes in
                sum + bytes.withUnsafeBytes { $0.load(fromByteOffset: 8 * index, as: Double.self) }
            }
        }
    }

    func broadcast(_ bytes: [UInt8], from root: Int) -> [UInt8] { gather(bytes)[root] }
    func gather(_ bytes: [UInt8]) -> [[UInt8]] { ranks.exchange(bytes, rank: rank) }
    func barrier() { _ = gather([]) }
    func sendCommand(_ bytes: [UInt8]) { _ = gather(bytes) }
    func waitForCommand() -> [UInt8] { gather([])[0] }
}

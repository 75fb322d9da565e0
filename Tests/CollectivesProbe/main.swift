// What CollectivesTests starts under mpirun: makes the calls named by its argument and lets rank 0 print what every
// rank found. A line ending in `true` stands for an expectation that held on all ranks.

import Collectives
import Foundation

let communicator = try Communicators.start()
let (rank, size) = (communicator.rank, communicator.size)

/// Prints the sentence and whether it holds on every rank.
@MainActor func report(_ sentence: String, _ holds: Bool) throws {
    let all = try communicator.gather([holds ? 1 : 0])
    if rank == 0 { print("\(sentence): \(all.allSatisfy { $0 == [1] })") }
}

/// Values of many magnitudes, for which the order of addition decides the bits.
func values(_ count: Int, of rank: Int) -> [Float] {
    (0..<count).map { index in
        let bits = UInt32(truncatingIfNeeded: (index &+ 1) &* 2_654_435_761 &+ rank &* 40_503)
        return Float(Int32(bitPattern: bits)) * Float(sign: .plus, exponent: Int(bits % 40) - 20, significand: 1)
    }
}

/// The sum in rank order, made without MPI; a rank alone sends nothing, and so rounds nothing.
@MainActor func reference(_ count: Int, as format: WireFormat = .fp32) -> [Float] {
    func rounded(_ values: [Float]) -> [Float] {
        guard format == .bf16, size > 1 else { return values }
        return values.map {
            let bits = $0.bitPattern
            return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
        }
    }
    var sum = rounded(values(count, of: 0))
    for other in 1..<max(size, 1) {
        for (index, value) in rounded(values(count, of: other)).enumerated() { sum[index] += value }
    }
    return rounded(sum)
}

func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

@MainActor func sums() throws {
    for count in [0, 1, 3, size, 1001, 1 << 20, (1 << 20) + 7, (1 << 22) - 1] {
        var mine = values(count, of: rank)
        try mine.withUnsafeMutableBufferPointer { try communicator.sum($0) }
        try report("sum of \(count)", bits(mine) == bits(reference(count)))
        try report("same bits of \(count)", communicator.allEqual(mine.withUnsafeBytes { [UInt8]($0) }))
    }
    // Cut in other places, the sums are the same.
    var whole = values(10_000, of: rank)
    var parts = whole
    try whole.withUnsafeMutableBufferPointer { try communicator.sum($0) }
    try parts.withUnsafeMutableBufferPointer { parts in
        for start in stride(from: 0, to: 10_000, by: 777) {
            try communicator.sum(UnsafeMutableBufferPointer(rebasing: parts[start..<min(start + 777, 10_000)]))
        }
    }
    try report("sum in parts", bits(whole) == bits(parts))
    let doubles = try communicator.sum([Double(rank) + 0.1, 1e300, 1])
    var expected = 0.1
    for other in 1..<max(size, 2) where other < size { expected += Double(other) + 0.1 }
    try report("sum of doubles", doubles == [expected, 1e300 * Double(size), Double(size)])
    try report("sum of no doubles", communicator.sum([Double]()).isEmpty)
}

/// Several sums at once, more than may be under way, begun and looked after at other times on other ranks.
@MainActor func overlapping() throws {
    for format in [WireFormat.fp32, .bf16] {
        let counts = [1, 70_000, 0, (1 << 20) + 3, 5, 300_000] + [Int](repeating: 1 << 16, count: 30)
        var all = counts.map { values($0, of: rank) }
        let buffers = all.indices.map { place in
            let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: counts[place])
            _ = buffer.initialize(from: all[place])
            return buffer
        }
        for (place, buffer) in buffers.enumerated() {
            if place == rank * 5 { usleep(50_000) }
            communicator.beginSum(buffer, as: format)
            if place % (rank + 1) == 0 { communicator.progressSums() }
        }
        try communicator.finishSums()
        try communicator.finishSums()
        let doubles = try communicator.sum([1])
        for place in all.indices { all[place] = Array(buffers[place]) }
        for buffer in buffers { buffer.deallocate() }
        try report("sums at once as \(format)", all.map(bits) == counts.map { bits(reference($0, as: format)) })
        try report("same bits at once as \(format)", communicator.allEqual(all.joined().flatMap(littleEndian)))
        try report("other calls after them", doubles == [Double(size)])
    }
}

func littleEndian(_ value: Float) -> [UInt8] { withUnsafeBytes(of: value.bitPattern) { Array($0) } }

@MainActor func bytes() throws {
    for count in [0, 1, 1000, (1 << 24) + 5] {
        let sent = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
        for root in [0, size - 1] {
            let received = try communicator.broadcast(rank == root ? sent : [9], from: root)
            try report("broadcast of \(count) from \(root == 0 ? "first" : "last")", received == sent)
        }
    }
    let gathered = try communicator.gather([UInt8](repeating: UInt8(rank), count: rank * 3))
    try report("gather", gathered == (0..<size).map { [UInt8](repeating: UInt8($0), count: $0 * 3) })
    try report("gather of equal lengths", communicator.gather([UInt8(rank)]) == (0..<size).map { [UInt8($0)] })
    try report("all equal", communicator.allEqual([1, 2, 3]))
    let differ = try !communicator.allEqual([1, 2, UInt8(rank == size - 1 ? 4 : 3)])
    try report("one differs", differ == (size > 1))
    let lengthsDiffer = try !communicator.allEqual([UInt8](repeating: 1, count: rank))
    try report("lengths differ", lengthsDiffer == (size > 1))
    try communicator.barrier()
}

/// Rank 0 stays idle for a while; the others must wait for it without using their cores.
@MainActor func commands() throws {
    var wasRight = true
    for round in 0..<3 {
        let command = [UInt8](repeating: UInt8(round), count: round * 1000)
        if rank == 0 {
            usleep(700_000)
            try communicator.sendCommand(command)
        } else {
            let before = clock()
            wasRight = try communicator.waitForCommand() == command && wasRight
            let seconds = Double(clock() - before) / Double(CLOCKS_PER_SEC)
            if seconds > 0.35 { wasRight = false }
        }
    }
    try report("commands without spinning", wasRight)
}

/// One rank leaves with an error, as a rank whose node fails would: mpirun must end the others.
@MainActor func failing() throws {
    if rank == size - 1 { exit(7) }
    _ = try communicator.gather([1])
    print("the others went on")
}

/// A call that MPI refuses: from then on no call is made.
@MainActor func broken() throws {
    var errors: [MPIError] = []
    for attempt in 0..<2 {
        do throws(MPIError) {
            if attempt == 0 { _ = try communicator.broadcast([1], from: size) } else { try communicator.barrier() }
        } catch {
            errors.append(error)
        }
    }
    print("both failed alike: \(errors.count == 2 && errors[0] == errors[1] && communicator.failure == errors[0])")
    exit(0)
}

switch CommandLine.arguments.dropFirst().first {
case "sums": try sums()
case "overlapping": try overlapping()
case "bytes": try bytes()
case "commands": try commands()
case "failing": try failing()
case "broken": try broken()
default: try report("started with \(size)", true)
}
try Communicators.finish(communicator)

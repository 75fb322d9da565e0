import Foundation
import Numerics

/// What the frozen lower layers of an encoder have made of the examples of a file, kept from one visit to the next: none
/// of their parameters moves, and nothing drops out in them. In memory or, where that would be too much, in a file that
/// has no name and goes with the process.
package final class FrozenStates {
    /// Where each example's tokens begin, and how many there are in all.
    private let starts: [Int]
    private let width: Int
    private let values: UnsafeMutablePointer<Float>
    private var isKept: [Bool]

    /// - Parameters:
    ///   - tokens: of each example.
    ///   - width: the numbers of a state.
    ///   - mostBytes: to be kept in memory; four times as much may be in the file.
    ///   - directory: of the file.
    /// - Returns: nil where that is too little, there is no room, or nothing to keep.
    package init?(tokens: [Int], width: Int, mostBytes: Int = FrozenStates.mostBytes, directory: String) {
        starts = tokens.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        self.width = width
        isKept = [Bool](repeating: false, count: tokens.count)
        let byteCount = starts[tokens.count] * width * MemoryLayout<Float>.stride
        guard Self.holds(byteCount: byteCount, mostBytes: mostBytes),
            let place = Self.map(byteCount, isInMemory: byteCount <= mostBytes, directory)
        else {
            return nil
        }
        values = place.bindMemory(to: Float.self, capacity: byteCount / MemoryLayout<Float>.stride)
    }

    /// 1 GiB.
    package static let mostBytes = 1 << 30

    /// Whether so much is kept, where there is room.
    package static func holds(byteCount: Int, mostBytes: Int = FrozenStates.mostBytes) -> Bool {
        byteCount > 0 && byteCount <= 4 * mostBytes
    }

    deinit { munmap(values, starts[starts.count - 1] * width * MemoryLayout<Float>.stride) }

    /// Pages that take no memory before they are written to.
    private static func map(_ byteCount: Int, isInMemory: Bool, _ directory: String) -> UnsafeMutableRawPointer? {
        var descriptor: Int32 = -1
        if !isInMemory {
            let path = "\(directory)/states-\(UUID().uuidString)"
            descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return nil }
            unlink(path)
        }
        defer { if !isInMemory { close(descriptor) } }
        // Reserved first: a page that the disk has no room for would end the process.
        if !isInMemory, posix_fallocate(descriptor, 0, byteCount) != 0 { return nil }
        let flags = isInMemory ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED
        let place = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, descriptor, 0)
        return place == MAP_FAILED ? nil : place
    }

    /// Examples whose sequences a batch holds one after the other.
    package struct Visit {
        fileprivate let states: FrozenStates
        fileprivate let examples: [Int]
    }

    package func visit(_ examples: some Sequence<Int>) -> Visit { Visit(states: self, examples: Array(examples)) }
}

extension FrozenStates.Visit {
    /// Writes the states of all tokens [T, H], if those of every example are kept.
    func read(into target: MutableMatrix, _ compute: Compute) -> Bool {
        guard examples.allSatisfy({ states.isKept[$0] }) else { return false }
        copy(compute) { kept, row, count in (target.start + row).update(from: kept, count: count) }
        return true
    }

    /// - Parameter source: the states of all tokens, [T, H].
    func keep(_ source: Matrix, _ compute: Compute) {
        copy(compute) { kept, row, count in kept.update(from: source.start + row, count: count) }
        for example in examples { states.isKept[example] = true }
    }

    /// - Parameter body: is told where an example's states are kept, where they begin in the batch, and their count.
    private func copy(_ compute: Compute, _ body: (UnsafeMutablePointer<Float>, Int, Int) -> Void) {
        let (starts, width) = (states.starts, states.width)
        let rows = examples.reduce(into: [0]) { $0.append($0[$0.count - 1] + starts[$1 + 1] - starts[$1]) }
        compute.forEach(examples.count) { range in
            for place in range {
                let example = examples[place]
                body(
                    states.values + starts[example] * width, rows[place] * width,
                    (starts[example + 1] - starts[example]) * width)
            }
        }
    }
}

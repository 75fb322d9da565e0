import Foundation

/// A block of memory, aligned to 64 bytes, that its owner may grow. What is new is 0.
///
/// A large one is the system's own pages: they go back to it when the block is freed or grows, and those that nobody has
/// written take no memory, as the moments of words that no example has.
package final class AlignedBuffer<Element: BitwiseCopyable> {
    package private(set) var start: UnsafeMutablePointer<Element>
    package private(set) var count: Int

    package init(count: Int = 0) {
        self.count = count
        start = Self.allocate(count)
    }

    deinit { Self.free(start, count) }

    /// Makes room for at least `count` elements. Where the block grows, its content is lost and pointers into it dangle.
    package func reserve(_ count: Int) {
        guard count > self.count else { return }
        Self.free(start, self.count)
        start = Self.allocate(count)
        self.count = count
    }

    package var values: UnsafeMutableBufferPointer<Element> {
        UnsafeMutableBufferPointer(start: start, count: count)
    }

    private static func byteCount(_ count: Int) -> Int { max(64, count * MemoryLayout<Element>.stride) }

    /// What is worth pages of its own.
    private static var leastMapped: Int { 1 << 20 }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Element> {
        let byteCount = byteCount(count)
        var address: UnsafeMutableRawPointer?
        if byteCount >= leastMapped {
            address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        } else if posix_memalign(&address, 64, byteCount) == 0, let address {
            memset(address, 0, byteCount)
        }
        guard let address, address != MAP_FAILED else {
            fatalError("out of memory: \(byteCount) bytes were refused")
        }
        return address.bindMemory(to: Element.self, capacity: max(1, count))
    }

    private static func free(_ start: UnsafeMutablePointer<Element>, _ count: Int) {
        let byteCount = byteCount(count)
        if byteCount >= leastMapped { munmap(start, byteCount) } else { Foundation.free(start) }
    }
}

package typealias FloatBuffer = AlignedBuffer<Float>

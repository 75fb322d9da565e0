import Foundation

/// A block of memory, aligned to 64 bytes, that its owner may grow. What is new is 0.
package final class AlignedBuffer<Element: BitwiseCopyable> {
    package private(set) var start: UnsafeMutablePointer<Element>
    package private(set) var count: Int

    package init(count: Int = 0) {
        self.count = count
        start = Self.allocate(count)
    }

    deinit { free(start) }

    /// Makes room for at least `count` elements. Where the block grows, its content is lost and pointers into it dangle.
    package func reserve(_ count: Int) {
        guard count > self.count else { return }
        free(start)
        start = Self.allocate(count)
        self.count = count
    }

    package var values: UnsafeMutableBufferPointer<Element> {
        UnsafeMutableBufferPointer(start: start, count: count)
    }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Element> {
        var address: UnsafeMutableRawPointer?
        let byteCount = max(64, count * MemoryLayout<Element>.stride)
        guard posix_memalign(&address, 64, byteCount) == 0, let address else {
            fatalError("out of memory: \(byteCount) bytes were refused")
        }
        memset(address, 0, byteCount)
        return address.bindMemory(to: Element.self, capacity: max(1, count))
    }
}

package typealias FloatBuffer = AlignedBuffer<Float>

import CKernels
import COpenBLAS
import Foundation

/// The processor type that OpenBLAS computes for. The library chooses it when it is loaded, by a list of processors that
/// ends with its release: on a newer one it falls back to AVX2 even where AVX-512 is at hand.
package enum BLASCore {
    /// What the library uses now, as it spells it.
    package static var current: String { String(cString: openblas_get_corename()) }

    /// What the library uses best on this processor.
    package static var best: String {
        best(current: current, hasAVX512: processor_has_avx512(), hasAVX2: processor_has_avx2())
    }

    /// Whether it is a processor of the kind that has AVX2, without it: programs begin there, and are slow.
    package static var isNarrow: Bool {
        #if arch(x86_64)
            !processor_has_avx2()
        #else
            false
        #endif
    }

    /// Makes the library use the best core type: names it in the environment and starts this program anew, once, with
    /// the same arguments. To be called before anything else.
    ///
    /// `HEADSTART_BLAS_CORE` names another core type. OpenBLAS's own variable is overruled: what a site or a container
    /// has set there is meant for other programs, and often is the oldest processor they must run on.
    package static func ensureBest() {
        let wanted = ProcessInfo.processInfo.environment["HEADSTART_BLAS_CORE"] ?? best
        guard wanted.lowercased() != current.lowercased() else { return }
        // The library was told already, and does not know that core type.
        guard getenv(variable).map({ String(cString: $0) }) != wanted else { return }
        setenv(variable, wanted, 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        // Only a refused start returns: then the program goes on with the core type it has.
    }

    /// Whether a column of a product has the same bits whatever columns are computed with it. The AVX2 kernels sum the
    /// columns at the end of a block in another order; with them products are cut by rows alone.
    static let columnsAreIndependent = avx512Cores.contains(current.lowercased())

    /// Where OpenBLAS looks for the name of a core type when it is loaded.
    package static let variable = "OPENBLAS_CORETYPE"
    private static let avx512Cores = ["skylakex", "cooperlake", "sapphirerapids"]
    private static let avx2Cores = ["haswell", "zen"]

    package static func best(current: String, hasAVX512: Bool, hasAVX2: Bool) -> String {
        let core = current.lowercased()
        if hasAVX512 { return avx512Cores.contains(core) ? current : "SkylakeX" }
        if hasAVX2 { return avx2Cores.contains(core) ? current : "Haswell" }
        return current
    }
}

extension BLASCore {
    /// Multiplications and additions a second in a product of the size that training has, in 10^9, over about
    /// `seconds` of measurement; the best of several runs.
    package static func gigaflops(_ compute: Compute, seconds: Double = 0.5) -> Double {
        let (rows, inner, columns) = (1024, 1024, 1024)
        let left = FloatBuffer(count: rows * inner)
        let right = FloatBuffer(count: inner * columns)
        let result = FloatBuffer(count: rows * columns)
        for index in 0..<left.count { left.start[index] = Float(index % 7) * 0.1 }
        for index in 0..<right.count { right.start[index] = Float(index % 5) * 0.1 }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var shortest = Duration.seconds(1_000)
        repeat {
            shortest = min(
                shortest,
                clock.measure {
                    compute.multiply(
                        Matrix(left.start, rows: rows, columns: inner),
                        Matrix(right.start, rows: inner, columns: columns),
                        into: MutableMatrix(result.start, rows: rows, columns: columns))
                })
        } while clock.now < end
        return 2 * Double(rows * inner * columns) / (shortest / .seconds(1)) / 1e9
    }
}

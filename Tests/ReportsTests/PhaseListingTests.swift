import Numerics
import Reports
import Testing

struct PhaseListingTests {
    private let readings: [Phase: PhaseClock.Reading] = [
        .forwardProducts: .init(seconds: 6, waitingSeconds: 1.2, gigaflop: 900),
        .normalization: .init(seconds: 2, gigabytes: 30),
        .other: .init(),
    ]

    @Test func `each phase has its share of the time and of what the machine can do`() {
        let listing = PhaseListing(
            readings, steps: 100, threads: 2, peaks: .init(gigaflops: 200, gigabytes: 20))
        #expect(
            listing.text(width: 120) == """
                phase              ms a step   share  waiting  GFLOP/s  of peak  GB/s  of peak
                ─────────────────  ─────────  ──────  ───────  ───────  ───────  ────  ───────
                products, forward      60.00  75.0 %   10.0 %      150   75.0 %
                normalization          20.00  25.0 %    0.0 %                      15   75.0 %

                100 steps with 2 threads, whose peaks are 200 GFLOP/s and 20 GB/s of memory; more than that comes from a cache.
                """)
    }

    @Test func `a processor without the instruction has no peak to compare with`() {
        let listing = PhaseListing(readings, steps: 1, threads: 1, peaks: .init(gigaflops: nil, gigabytes: 20))
        let lines = listing.text(width: 120).split(separator: "\n")
        #expect(lines[2] == "products, forward    6000.00  75.0 %   20.0 %      150")
        #expect(
            lines.last == "1 step with 1 thread, whose peaks are 20 GB/s of memory; more than that comes from a cache.")
    }
}

import Experiments
package import Numerics

/// What the seconds of a training went to, and how much of what the processor could do each phase has made of them.
package struct PhaseListing: Encodable, Equatable, Sendable {
    /// What the machine can do, measured with the same threads.
    package struct Peaks: Encodable, Equatable, Sendable {
        /// Multiplications and additions a second in the precision of the products, in 10^9; nil where it has no
        /// instruction for them.
        let gigaflops: Double?
        /// Read and written a second, in 10^9 bytes.
        let gigabytes: Double

        package init(gigaflops: Double?, gigabytes: Double) {
            self.gigaflops = gigaflops
            self.gigabytes = gigabytes
        }
    }

    package struct Entry: Encodable, Equatable, Sendable {
        let phase: Phase
        let seconds: Double
        /// Of all seconds.
        let share: Double
        /// Of the threads' time in this phase.
        let waitingShare: Double
        /// A second; nil where the phase multiplies nothing.
        let gigaflops: Double?
        /// A second; nil where nobody counts them.
        let gigabytes: Double?
    }

    let steps: Int
    let threads: Int
    let peaks: Peaks
    let entries: [Entry]

    /// - Parameter readings: of phases that took no time there is no line.
    package init(_ readings: [Phase: PhaseClock.Reading], steps: Int, threads: Int, peaks: Peaks) {
        self.steps = steps
        self.threads = threads
        self.peaks = peaks
        let total = readings.values.reduce(0) { $0 + $1.seconds }
        entries = Phase.allCases.compactMap { phase in
            guard let reading = readings[phase], reading.seconds > 0 else { return nil }
            return Entry(
                phase: phase, seconds: reading.seconds, share: reading.seconds / total,
                waitingShare: reading.waitingSeconds / (reading.seconds * Double(threads)),
                gigaflops: reading.gigaflop > 0 ? reading.gigaflop / reading.seconds : nil,
                gigabytes: reading.gigabytes > 0 ? reading.gigabytes / reading.seconds : nil)
        }
    }

    package func text(width: Int) -> String {
        var table = Columns([
            ("phase", .left), ("ms a step", .right), ("share", .right), ("waiting", .right), ("GFLOP/s", .right),
            ("of peak", .right), ("GB/s", .right), ("of peak", .right),
        ])
        for entry in entries {
            table.add([
                entry.phase.rawValue, decimals(1000 * entry.seconds / Double(max(1, steps)), 2),
                percent(entry.share), percent(entry.waitingShare), rounded(entry.gigaflops),
                percent(entry.gigaflops, of: peaks.gigaflops), rounded(entry.gigabytes),
                percent(entry.gigabytes, of: peaks.gigabytes),
            ])
        }
        let compute = peaks.gigaflops.map { "\(rounded($0)) GFLOP/s and " } ?? ""
        let note =
            "\(counted(steps, "step")) with \(counted(threads, "thread")), whose peaks are \(compute)"
            + "\(rounded(peaks.gigabytes)) GB/s of memory; more than that comes from a cache."
        return (table.lines(width: width) + [""] + wrapped(note, width: width)).joined(separator: "\n")
    }

    private func rounded(_ value: Double?) -> String { value.map { String(Int($0.rounded())) } ?? "" }

    private func percent(_ value: Double?, of whole: Double? = 1) -> String {
        guard let value, let whole, whole > 0 else { return "" }
        return "\(decimals(100 * value / whole, 1)) %"
    }
}

/// What summing gradients over ranks costs, by the usual model of messages (Thakur, Rabenseifner and Gropp 2005, section
/// 3): each costs `latency`, and its bytes pass at `bytesPerSecond`. A reduce-scatter and an allgather of each bucket take
/// a rank 2 (P-1) messages of the P-th part of it.
package struct ReductionCost: Codable, Hashable, Sendable {
    /// Bytes a second that a rank sends while it receives as many.
    package var bytesPerSecond: Double
    /// Seconds of a message beside those of its bytes.
    package var latency: Double

    package init(bytesPerSecond: Double, latency: Double) {
        self.bytesPerSecond = bytesPerSecond
        self.latency = latency
    }

    /// A sum that was measured.
    package struct Measured: Codable, Hashable, Sendable {
        /// What each rank gave, as it was sent.
        package let bytes: Int
        package let ranks: Int
        package let seconds: Double

        package init(bytes: Int, ranks: Int, seconds: Double) {
            self.bytes = bytes
            self.ranks = ranks
            self.seconds = seconds
        }
    }

    /// The cost whose relative errors at what was measured have the smallest sum of squares, neither number below 0; nil
    /// where that says nothing of both.
    package init?(fitting sums: [Measured]) {
        let rows = sums.filter { $0.ranks > 1 && $0.seconds > 0 }.map { sum in
            (
                messages: Self.messages(sum.bytes, sum.ranks) / sum.seconds,
                bytes: Self.sentBytes(sum.bytes, sum.ranks) / sum.seconds
            )
        }
        let (mm, mb, bb) = rows.reduce((0.0, 0.0, 0.0)) {
            ($0.0 + $1.messages * $1.messages, $0.1 + $1.messages * $1.bytes, $0.2 + $1.bytes * $1.bytes)
        }
        let (m, b) = rows.reduce((0.0, 0.0)) { ($0.0 + $1.messages, $0.1 + $1.bytes) }
        let determinant = mm * bb - mb * mb
        guard determinant > 1e-9 * mm * bb else { return nil }
        var latency = (m * bb - b * mb) / determinant
        var secondsPerByte = (b * mm - m * mb) / determinant
        if latency < 0 { (latency, secondsPerByte) = (0, b / bb) }
        guard secondsPerByte > 0 else { return nil }
        self.init(bytesPerSecond: 1 / secondsPerByte, latency: latency)
    }

    /// Of one sum, with nothing else going on.
    /// - Parameter bytes: what each rank gives, as it is sent.
    package func seconds(bytes: Int, ranks: Int) -> Double {
        Self.messages(bytes, ranks) * latency + Self.sentBytes(bytes, ranks) / bytesPerSecond
    }

    /// By which a step of several ranks is longer than its computation, where sums go on during the backward pass.
    /// - Parameters:
    ///   - bytes: what each rank gives in the step, as it is sent.
    ///   - late: those of them that are final only when the backward pass is over.
    ///   - hidden: the seconds of the backward pass from the first bucket that is whole to its end.
    package func exposedSeconds(bytes: Int, late: Int, ranks: Int, behind hidden: Double) -> Double {
        max(seconds(bytes: late, ranks: ranks), seconds(bytes: bytes, ranks: ranks) - hidden)
    }

    /// Bytes of a bucket in single precision.
    package static let bucketBytes = 4 << 20

    /// A rank sends so many, one after another.
    private static func messages(_ bytes: Int, _ ranks: Int) -> Double {
        Double(2 * (ranks - 1) * ((bytes + bucketBytes - 1) / bucketBytes))
    }

    private static func sentBytes(_ bytes: Int, _ ranks: Int) -> Double {
        2 * Double(ranks - 1) / Double(ranks) * Double(bytes)
    }
}

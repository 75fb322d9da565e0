/// How many gradients ranks sum at once. Neither number changes a bit of the sums.
package enum Buckets {
    /// Numbers of a bucket: 4 MiB in single precision.
    package static let count = 1 << 20
    /// Sums under way at once, each of which takes as much memory as its bucket.
    package static let mostAtOnce = 16
}

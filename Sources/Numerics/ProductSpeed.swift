import CKernels

/// A matrix product [rows, inner] · [inner, columns] as training makes it, to be measured.
package struct ProductShape: Codable, Equatable, Sendable {
    package let rows: Int
    package let inner: Int
    package let columns: Int
    /// Whether the left operand is stored as its transpose, as for the gradient of a weight, and the result added to.
    package let isWeightGradient: Bool

    package init(rows: Int, inner: Int, columns: Int, isWeightGradient: Bool = false) {
        self.rows = rows
        self.inner = inner
        self.columns = columns
        self.isWeightGradient = isWeightGradient
    }

    /// Multiplications and additions, in 10^9.
    package var gigaflop: Double { 2 * Double(rows) * Double(inner) * Double(columns) / 1e9 }
}

/// Who multiplies, and what.
package enum ProductMethod: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
    case openBLAS
    case packedFP32
    case packedBF16
}

extension Compute {
    /// What all threads together could compute if their operands came for free, in 10^9 operations a second, the best of
    /// several runs; nil where the processor has no instruction for products of this format.
    package func peakGigaflops(_ format: NumberFormat, seconds: Double = 0.2) -> Double? {
        let multiply = format == .fp32 ? multiply_registers : multiply_bfloat_registers
        let rounds = 1_000_000
        let operations = multiply(rounds) * 2
        guard operations > 0 else { return nil }
        let shortest = shortestRun(within: seconds) {
            forEachPortion(of: 1, upTo: threads) { for _ in $0 { _ = multiply(rounds) } }
        }
        return Double(operations * threads) / shortest / 1e9
    }

    /// What all threads together read and write, in 10^9 bytes a second, the best of several runs over more than caches
    /// hold.
    package func peakGigabytes(seconds: Double = 0.2) -> Double {
        let count = 32 << 20
        let (from, to) = (FloatBuffer(count: count), FloatBuffer(count: count))
        // Pages come with their first number, which takes longer than all that is measured.
        for buffer in [from, to] { buffer.values.update(repeating: 1) }
        let shortest = shortestRun(within: seconds) {
            forEach(count, grain: Grain.movedEntries) { range in
                add_to(range.count, from.start + range.lowerBound, to.start + range.lowerBound)
            }
        }
        return Double(3 * count * MemoryLayout<Float>.stride) / shortest / 1e9
    }

    /// The seconds that a product takes, the least of several, operands being ready.
    package func seconds(of shape: ProductShape, by method: ProductMethod, within seconds: Double = 0.1) -> Double {
        let left = FloatBuffer(count: shape.rows * shape.inner)
        let right = FloatBuffer(count: shape.inner * shape.columns)
        let result = FloatBuffer(count: shape.rows * shape.columns)
        for index in 0..<left.count { left.start[index] = Float(index % 7) * 0.1 }
        for index in 0..<right.count { right.start[index] = Float(index % 5) * 0.1 }
        let leftMatrix =
            shape.isWeightGradient
            ? Matrix(left.start, rows: shape.inner, columns: shape.rows).transposed
            : Matrix(left.start, rows: shape.rows, columns: shape.inner)
        let rightMatrix = Matrix(right.start, rows: shape.inner, columns: shape.columns)
        let target = MutableMatrix(result.start, rows: shape.rows, columns: shape.columns)
        let start = shape.isWeightGradient ? ProductStart.current : .zero
        return withExtendedLifetime((left, right)) {
            switch method {
            case .openBLAS:
                return shortestRun(within: seconds) { multiply(leftMatrix, rightMatrix, into: target, from: start) }
            case .packedFP32:
                let packed = PackedMatrix(.fp32)
                packed.fill(from: rightMatrix, self)
                return shortestRun(within: seconds) { multiply(leftMatrix, packed, into: target, from: start) }
            case .packedBF16:
                return shortestRunInBF16(leftMatrix, rightMatrix, target, start, within: seconds)
            }
        }
    }

    /// The gradient of a weight takes both operands packed.
    private func shortestRunInBF16(
        _ left: Matrix, _ right: Matrix, _ target: MutableMatrix, _ start: ProductStart, within seconds: Double
    ) -> Double {
        let packed = PackedMatrix(.bf16)
        packed.fill(from: right, self)
        if left.isTransposed {
            let packedLeft = PackedMatrix(.bf16)
            packedLeft.fill(from: left.transposed, self)
            return shortestRun(within: seconds) {
                multiply(transposeOf: packedLeft, packed, into: target, from: start)
            }
        }
        let rounded = BfloatBuffer(count: left.rows * left.columns)
        round_to_bfloat(rounded.count, left.start, rounded.start)
        return withExtendedLifetime(rounded) {
            let left = BfloatMatrix(rounded.start, rows: left.rows, columns: left.columns)
            return shortestRun(within: seconds) { multiply(left, packed, into: target, from: start) }
        }
    }

    /// The seconds that packing a right operand takes, the least of several.
    package func secondsOfPacking(
        _ format: NumberFormat, rows: Int, columns: Int, isTransposed: Bool, within seconds: Double = 0.1
    ) -> Double {
        let values = FloatBuffer(count: rows * columns)
        let packed = PackedMatrix(format)
        return withExtendedLifetime(values) {
            let matrix =
                isTransposed
                ? Matrix(values.start, rows: columns, columns: rows).transposed
                : Matrix(values.start, rows: rows, columns: columns)
            return shortestRun(within: seconds) { packed.fill(from: matrix, self) }
        }
    }

    private func shortestRun(within seconds: Double, _ run: () -> Void) -> Double {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var shortest = Double.infinity
        repeat { shortest = min(shortest, clock.measure(run) / .seconds(1)) } while clock.now < end
        return shortest
    }
}

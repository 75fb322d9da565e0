import Numerics
import Testing

struct ProductSpeedTests {
    @Test(arguments: ProductMethod.allCases)
    func `every way of multiplying is measured at every shape`(method: ProductMethod) {
        let compute = Compute(threads: 2)
        for isWeightGradient in [false, true] {
            let shape = ProductShape(rows: 40, inner: 33, columns: 70, isWeightGradient: isWeightGradient)
            let seconds = compute.seconds(of: shape, by: method, within: 0.001)
            #expect(seconds > 0 && seconds < 1)
        }
    }

    @Test func `the peak is measured where the processor has the instruction`() throws {
        let compute = Compute(threads: 1)
        #expect(try #require(compute.peakGigaflops(.fp32, seconds: 0.001)) > 1)
        #expect((compute.peakGigaflops(.bf16, seconds: 0.001) == nil) == (OneDNN.bfloatUnit == nil))
    }

    @Test func `packing is measured`() {
        let compute = Compute(threads: 1)
        for isTransposed in [false, true] {
            let seconds = compute.secondsOfPacking(
                .bf16, rows: 70, columns: 33, isTransposed: isTransposed, within: 0.001)
            #expect(seconds > 0 && seconds < 1)
        }
    }
}

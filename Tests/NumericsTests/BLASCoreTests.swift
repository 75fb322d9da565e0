import Numerics
import Testing

struct BLASCoreTests {
    @Test(arguments: [
        ("Haswell", true, true, "SkylakeX"), ("Zen", true, true, "SkylakeX"), ("Prescott", false, true, "Haswell"),
        ("SkylakeX", true, true, "SkylakeX"), ("Cooperlake", true, true, "Cooperlake"),
        ("Zen", false, true, "Zen"), ("Nehalem", false, false, "Nehalem"),
    ])
    func `the best core is the library's own choice unless the processor can do more`(
        current: String, hasAVX512: Bool, hasAVX2: Bool, best: String
    ) {
        #expect(BLASCore.best(current: current, hasAVX512: hasAVX512, hasAVX2: hasAVX2) == best)
    }

    @Test func `the speed of products is measured`() {
        #expect(BLASCore.gigaflops(Compute(threads: 1), seconds: 0.01) > 0.1)
        #expect(!BLASCore.current.isEmpty)
    }
}

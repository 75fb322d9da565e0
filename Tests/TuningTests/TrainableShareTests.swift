import Encoders
import Experiments
import Testing
import Tuning

/// How much moves, on the shapes of the papers' models, in percent of the backbone with its pooler where it has one.
struct TrainableShareTests {
    private static let bertBaseCased = EncoderConfiguration(
        family: .bert, vocabulary: 28_996, hidden: 768, layers: 12, heads: 12, intermediate: 3072)
    private static let robertaBase = EncoderConfiguration(
        family: .roberta, vocabulary: 50_265, hidden: 768, layers: 12, heads: 12, intermediate: 3072, positions: 514,
        types: 1, padToken: 1)

    /// What moves, the head left out or not, in percent of the backbone's parameters.
    private func percent(
        _ tune: String, _ head: HeadDesign, _ configuration: EncoderConfiguration, withHead: Bool
    ) throws -> Double {
        let tune = try Tune(spelled: tune)
        var adapter: AdapterDesign?
        if case .adapter(let design) = tune { adapter = design }
        let table = ParameterTable(configuration: configuration, head: head, outputs: 2, adapter: adapter)
        let entries = BackboneEntries(table)
        var moving = table.parameters.filter { tune.moves($0, ofLayers: configuration.layers) }
            .filter { withHead || $0.place != .head }.reduce(0) { $0 + $1.count }
        if case .entries(.drawn(let share)) = tune { moving += entries.count(share: share) }
        return 100 * Double(moving) / Double(entries.count)
    }

    /// Section III of What parameters to freeze, which counts the classifier in; its table I has 0.4 for LayerNorm, which
    /// is ten times what all LayerNorms of BERT-base have.
    @Test(arguments: [
        ("all", 100), ("bitfit", 0.1), ("layernorm", 0.04), ("random(0.001)", 0.1),
    ])
    func `what moves in BERT-base is the share that What parameters to freeze states`(
        tune: String, published: Double
    ) throws {
        let share = try percent(tune, .pooled, Self.bertBaseCased, withHead: true)
        let digit = published == 0.04 ? 100.0 : 10.0
        #expect((share * digit).rounded() / digit == published)
        if tune != "all" {
            let own = try percent(tune, .hf, Self.bertBaseCased, withHead: true)
            #expect(own - share > 0.5, "the family's own head moves the pooler's weight as well")
        }
    }

    /// get_grad_mask of its code: int(0.001 · 108,311,810) entries, the classifier's among them.
    @Test func `the random subset of What parameters to freeze as coded has the number of entries that the code draws`()
        throws
    {
        let share = try percent("random(0.000985806)", .pooled, Self.bertBaseCased, withHead: true)
        #expect((share / 100 * 108_310_272).rounded() == 108_311)
    }

    /// Table 9 of Is there an optimal subset, which leaves the decoder out; the subsets have BitFit's size.
    @Test(arguments: [
        ("lora(r=1, modules=query+value)", 0.03), ("lora(r=2, modules=query+value)", 0.06),
        ("lora(r=3, modules=query+value)", 0.09), ("lora(r=4, modules=query+value)", 0.12),
        ("lora(r=16, modules=query+value)", 0.47), ("lora(r=64, modules=query+value)", 1.89),
    ])
    func `what LoRA adds to RoBERTa-base is the share that the optimal subset paper states`(
        tune: String, published: Double
    ) throws {
        // It counts the pooler, which its decoder does not use, among the model's 124,645,632 parameters.
        let share = try percent(tune, .linear, Self.robertaBase, withHead: false)
        #expect((share * 100 * 124_055_040 / 124_645_632).rounded() / 100 == published)
    }

    @Test func `a subset of BitFit's size has as many entries of RoBERTa-base as BitFit moves`() throws {
        let bitfit = try percent("bitfit", .linear, Self.robertaBase, withHead: false)
        let subset = try percent("random(0.000823)", .linear, Self.robertaBase, withHead: false)
        #expect(abs(subset / bitfit - 1) < 1e-3)
    }

    /// Every way of tuning without its head, as plain arithmetic on the two shapes has it: 12 layers of width 768, inner
    /// width 3072. EH-FT has 1 to 4 % for its first stages, which is LoRA's of rank 32, and 0.01 to 3 % for all of them.
    @Test(arguments: [
        ("all", 107_719_680, 124_055_040), ("bitfit", 102_144, 102_144), ("layernorm", 38_400, 38_400),
        ("top(3)", 21_263_616, 21_263_616), ("top(12)", 85_054_464, 85_054_464),
        ("lora(r=32, alpha=16, modules=query+key+value+output)", 2_359_296, 2_359_296),
        ("lora(r=4, modules=query+value)", 147_456, 147_456), ("prefix(16)", 294_912, 294_912),
        ("adapter(64)", 2_379_264, 2_379_264), ("adapter(64, norms=true)", 2_417_664, 2_417_664),
        ("random(0.001)", 107_720, 124_055), ("random(0.000823)", 88_653, 102_097),
    ])
    func `as many entries move as the shapes say`(tune: String, bert: Int, roberta: Int) throws {
        for (configuration, count) in [(Self.bertBaseCased, bert), (Self.robertaBase, roberta)] {
            let entries = BackboneEntries(
                ParameterTable(configuration: configuration, head: .linear, outputs: 2, adapter: nil))
            let share = try percent(tune, .linear, configuration, withHead: false)
            #expect((share / 100 * Double(entries.count)).rounded() == Double(count))
        }
    }
}

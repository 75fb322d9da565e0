import ArgumentParser
import Collectives
import Configuration
import Encoders
import Experiments
import Numerics
import Reports
import Training

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures how fast this machine trains, and what limits it.",
        discussion: """
            Every kind of product that a layer makes forward and backward, by OpenBLAS and from packed matrices, and what \
            share of the processor's peak that is; then what the seconds of a step of full fine-tuning go to, and those of \
            an evaluation. With --ranks, or under an mpirun of your own over several hosts, how fast ranks sum \
            gradients instead, which `plan --ranks` counts with from then on. A machine that does other work meanwhile \
            measures nothing.

            EXAMPLE
              headstart bench --model minilm-l6 --tokens 430 --threads 2
              headstart bench --ranks 2
            """)

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The model whose shape is measured: a name in models.yaml, a Hugging Face directory, or a name on the hub.",
            valueName: "model"), completion: .models)
    var model: String?

    @OptionGroup var fetching: FetchOptions
    @OptionGroup var output: OutputOptions

    @Option(name: .long, help: "Tokens of a batch, padding aside; 430 otherwise, as 32 sentences of SST-2 have.")
    var tokens: Int?

    @Option(name: .long, help: "Tokens of a sequence; 13 otherwise.")
    var length: Int?

    @Option(
        name: .long, help: "What the steps multiply in: fp32 or bf16; bf16 where the processor has it unless given.")
    var precision: Precision?

    @Option(name: .long, help: "Threads; all processors unless given.")
    var threads: Int?

    @Option(
        name: .long,
        help: "Seconds for each measurement; otherwise 0.1 for a product, 2 for steps, and 0.5 for sums.")
    var seconds: Double?

    @Option(name: .long, help: "Measure the sums of gradients over so many ranks; `plan` then counts with them.")
    var ranks = 1

    @Option(
        name: .long,
        help: ArgumentHelp(
            "With --ranks: a step to tell the cost of, as NUMBERS:LATE:GATHERED-BYTES:FORMAT:HIDDEN-SECONDS.",
            visibility: .hidden))
    var step: [String] = []

    func validate() throws {
        if ranks < 1 { throw ValidationError("--ranks must be 1 or more") }
        for text in step where ReductionCost.Step(argument: text) == nil {
            throw ValidationError("--step must be NUMBERS:LATE:GATHERED-BYTES:FORMAT:HIDDEN-SECONDS, not '\(text)'")
        }
        guard tokens ?? 1 > 0 else { throw ValidationError("--tokens must be at least 1") }
        guard length ?? 1 > 0 else { throw ValidationError("--length must be at least 1") }
        guard threads ?? 1 > 0 else { throw ValidationError("--threads must be at least 1") }
        guard seconds ?? 1 > 0 else { throw ValidationError("--seconds must be above 0") }
        guard sumsGradients else {
            guard step.isEmpty else { throw ValidationError("--step goes with --ranks") }
            return
        }
        let others = [
            ("--model", model != nil), ("--tokens", tokens != nil), ("--length", length != nil),
            ("--precision", precision != nil), ("--threads", threads != nil),
        ]
        for (name, isGiven) in others where isGiven {
            throw ValidationError("\(name) says nothing about the sums that --ranks measures; leave it out")
        }
    }

    /// Whether it is about ranks, rather than about one process.
    private var sumsGradients: Bool { ranks > 1 || MPILaunch.isRank }

    func run() throws {
        if ranks > 1, !MPILaunch.isRank { try MPILaunch.become(ranks: ranks) }
        if MPILaunch.isRank { return try measureReduction() }
        guard let model else { throw BadRequest("--model is missing: what is to be measured?") }
        let backbone = try Backbone(directory: fetching.directory(of: Catalogs.read().models.find(model)))
        let (tokens, length) = (tokens ?? 430, length ?? 13)
        guard length <= backbone.configuration.longestSequence else {
            throw BadRequest(
                "--length must be at most \(backbone.configuration.longestSequence), the positions of this model")
        }
        let compute = try Machine.compute(threads: threads ?? Machine.cores)
        let products = Report(backbone.configuration, tokens: tokens, seconds: seconds ?? 0.1, compute)
        let steps = try steps(of: backbone, products, length: length, compute)
        if output.json { return try Screen.json(Listing(products: products, steps: steps)) }
        for line in products.lines { try Screen.line(line) }
        for part in steps {
            try Screen.line("\n\(part.kind) in \(part.precision.rawValue): \(Int(part.tokensPerSecond)) tokens/s\n")
            try Screen.line(part.phases.text(width: Screen.width))
        }
    }

    private func steps(
        of backbone: Backbone, _ products: Report, length: Int, _ compute: Compute
    ) throws -> [Steps] {
        let precision = precision ?? (OneDNN.bfloatUnit == nil ? .fp32 : .bf16)
        let table = ParameterTable(configuration: backbone.configuration, head: .linear, outputs: 2)
        let model = try MeasuredModel(backbone, table, precision, compute) { _ in true }
        let batch = PackedBatch.measured(
            max(1, products.tokens / length), of: length, vocabulary: backbone.configuration.vocabulary)
        let peaks = PhaseListing.Peaks(
            gigaflops: precision == .bf16 ? products.peakBF16 : products.peakFP32, gigabytes: compute.peakGigabytes())
        return [true, false].map { isTrained in
            let (readings, count) = model.readings(
                batch, isTrained: isTrained, within: .seconds(seconds ?? 2), most: 50)
            let taken = readings.values.reduce(0) { $0 + $1.seconds }
            return Steps(
                kind: isTrained ? "steps" : "evaluation", precision: precision,
                tokensPerSecond: Double(batch.tokenCount * count) / taken,
                phases: PhaseListing(readings, steps: count, threads: compute.threads, peaks: peaks))
        }
    }

    private struct Listing: Encodable {
        let products: Report
        let steps: [Steps]
    }

    /// Steps of full fine-tuning, or the passes of an evaluation.
    private struct Steps: Encodable {
        let kind: String
        let precision: Precision
        let tokensPerSecond: Double
        let phases: PhaseListing
    }

    private func measureReduction() throws {
        Machine.takeCores()
        let communicator = try Communicators.start()
        let report = try ReductionReport(
            communicator, seconds: seconds ?? 0.5, steps: step.compactMap(ReductionCost.Step.init(argument:)))
        try Communicators.finish(communicator)
        guard communicator.rank == 0 else { return }
        if output.json { try Screen.json(report) } else { for line in report.lines { try Screen.line(line) } }
        guard let cost = report.cost, report.ranks > 1 else { return }
        Forecasts.keeping {
            try KeptReduction(folder: Machine.cache).keep(
                .init(cost: cost, ranks: report.ranks, hosts: report.hosts))
        }
    }
}

extension BenchCommand {
    /// What the layers of a model compute in one step of full fine-tuning.
    fileprivate struct Report: Encodable {
        struct Measured: Encodable {
            let kind: String
            let shape: ProductShape
            /// How often a layer makes it in a step.
            let count: Int
            let seconds: [ProductMethod: Double]
        }

        let processor = Machine.processor
        let threads: Int
        let blasCore = BLASCore.current
        let bfloatUnit = OneDNN.bfloatUnit?.rawValue
        let tokens: Int
        let layers: Int
        let peakFP32: Double?
        /// nil where the processor has no instruction for it.
        let peakBF16: Double?
        let products: [Measured]
        /// Of a layer's weights as products read them forward and backward, in bfloat16.
        let packingSeconds: Double

        init(_ configuration: EncoderConfiguration, tokens: Int, seconds: Double, _ compute: Compute) {
            threads = compute.threads
            self.tokens = tokens
            layers = configuration.layers
            peakFP32 = compute.peakGigaflops(.fp32, seconds: seconds)
            peakBF16 = compute.peakGigaflops(.bf16, seconds: seconds)
            products = Self.kinds(configuration, tokens).map { kind, shape, count in
                let times = ProductMethod.allCases.map { ($0, compute.seconds(of: shape, by: $0, within: seconds)) }
                return Measured(
                    kind: kind, shape: shape, count: count, seconds: Dictionary(uniqueKeysWithValues: times))
            }
            packingSeconds = Self.weights(configuration).reduce(0) { sum, weight in
                sum
                    + [true, false].reduce(0) {
                        $0
                            + compute.secondsOfPacking(
                                .bf16, rows: $1 ? weight.inputs : weight.outputs,
                                columns: $1 ? weight.outputs : weight.inputs, isTransposed: $1, within: seconds)
                    }
            }
        }

        /// The linear layers of an encoder layer; key and value are one.
        private static func weights(
            _ configuration: EncoderConfiguration
        ) -> [(name: String, inputs: Int, outputs: Int)] {
            let (hidden, intermediate) = (configuration.hidden, configuration.intermediate)
            return [
                ("query", hidden, hidden), ("key, value", hidden, 2 * hidden), ("attention output", hidden, hidden),
                ("intermediate", hidden, intermediate), ("output", intermediate, hidden),
            ]
        }

        private enum Pass: String, CaseIterable {
            case forward
            case inputGradient = "gradient of input"
            case weightGradient = "gradient of weight"
        }

        /// Attention's output is of the query's shape and counts with it.
        private static func kinds(
            _ configuration: EncoderConfiguration, _ tokens: Int
        ) -> [(kind: String, shape: ProductShape, count: Int)] {
            let weights = weights(configuration).filter { $0.name != "attention output" }
            return Pass.allCases.flatMap { pass in
                weights.map { name, inputs, outputs in
                    let shape =
                        switch pass {
                        case .forward: ProductShape(rows: tokens, inner: inputs, columns: outputs)
                        case .inputGradient: ProductShape(rows: tokens, inner: outputs, columns: inputs)
                        case .weightGradient:
                            ProductShape(rows: outputs, inner: tokens, columns: inputs, isWeightGradient: true)
                        }
                    let isShared = name == "query"
                    return (
                        "\(pass.rawValue), \(isShared ? "query, attention output" : name)", shape, isShared ? 2 : 1
                    )
                }
            }
        }
    }
}

extension BenchCommand.Report {
    /// The seconds that the products of a step take.
    private func secondsOfStep(_ method: ProductMethod) -> Double {
        Double(layers) * products.reduce(0) { $0 + Double($1.count) * ($1.seconds[method] ?? 0) }
    }

    private var gigaflopOfStep: Double {
        Double(layers) * products.reduce(0) { $0 + Double($1.count) * $1.shape.gigaflop }
    }

    var lines: [String] {
        let peaks = [("fp32", peakFP32), ("bf16", peakBF16)].compactMap { name, peak in
            peak.map { "\(name) \(Int($0)) GFLOP/s" }
        }
        return [
            "\(processor), \(threads) threads; OpenBLAS core \(blasCore), bf16 by \(bfloatUnit ?? "software")",
            "peak  \(peaks.joined(separator: ", "))",
            "",
            row("GFLOP/s (share of peak)", "M x K x N", ProductMethod.allCases.map(\.rawValue)),
        ]
            + products.map { product in
                row(
                    product.kind, "\(product.shape.rows) x \(product.shape.inner) x \(product.shape.columns)",
                    ProductMethod.allCases.map { speed(product.shape.gigaflop, product.seconds[$0], $0) })
            }
            + [
                row(
                    "all products of a step", "\(Int(gigaflopOfStep.rounded())) GFLOP",
                    ProductMethod.allCases.map { speed(gigaflopOfStep, secondsOfStep($0), $0) }),
                row(
                    "tokens a second, were there nothing else", "\(tokens) tokens",
                    ProductMethod.allCases.map { String(Int(Double(tokens) / secondsOfStep($0))) }),
                "",
                "packing all weights in bf16, forward and backward: "
                    + "\(Int((Double(layers) * packingSeconds * 1e6).rounded())) us a step",
            ]
    }

    private func speed(_ gigaflop: Double, _ seconds: Double?, _ method: ProductMethod) -> String {
        guard let seconds else { return "" }
        let speed = gigaflop / seconds
        let peak = method == .packedBF16 ? peakBF16 : peakFP32
        return "\(Int(speed.rounded()))" + (peak.map { " (\(Int((100 * speed / $0).rounded())) %)" } ?? "")
    }

    private func row(_ kind: String, _ shape: String, _ columns: [String]) -> String {
        pad(kind, 46) + pad(shape, 20) + columns.map { pad($0, 14) }.joined()
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}

extension Precision: ExpressibleByArgument {}

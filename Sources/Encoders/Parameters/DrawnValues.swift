import Experiments
import Numerics

/// The initial values of a head's parameters.
///
/// * linear: weights N(0, 0.02), bias 0.
/// * mlp: as EH-FT's code: weights N(0, 0.005), bias U(-1/√inputs, 1/√inputs).
/// * hf, pooled: as transformers: weights N(0, initializer_range), bias 0; a LayerNorm 1 and 0.
struct HeadInitialization {
    let table: ParameterTable

    /// - Parameters:
    ///   - index: of the parameter in the table.
    ///   - number: of the parameter within the head.
    func fill(_ values: UnsafeMutableBufferPointer<Float>, index: Int, number: Int, seed: UInt64) {
        let parameter = table.parameters[index]
        let random = CounterRandom(seed: seed, purpose: RandomPurpose.headInitialization, example: number)
        if parameter.role == .matrix {
            for position in values.indices { values[position] = Float(deviation * random.normal(position)) }
        } else if case .mlp = table.head {
            // A bias follows its weight [outputs, inputs] in the table.
            let bound = 1 / Double(table.parameters[index - 1].shape[1]).squareRoot()
            for position in values.indices { values[position] = Float(bound * (2 * random.uniform(position) - 1)) }
        } else {
            values.update(repeating: parameter.role == .normWeight ? 1 : 0)
        }
    }

    private var deviation: Double {
        switch table.head {
        case .linear: 0.02
        case .mlp: 0.005
        case .hf, .pooled: table.configuration.initializerRange
        }
    }
}

/// The initial values of an adapter's parameters.
///
/// * lora: A as PyTorch's linear layers, U(-1/√inputs, 1/√inputs); B 0, so that nothing is added at first.
/// * prefix: N(0, 0.01). With a network: embedding N(0, 1), its linear layers as PyTorch's.
/// * bottleneck: weights N(0, 0.01) within two deviations, biases 0 (Houlsby et al. 2019, section 3.6).
struct AdapterInitialization {
    let table: ParameterTable

    /// - Parameter index: of the parameter in the table.
    func fill(_ values: UnsafeMutableBufferPointer<Float>, index: Int, seed: UInt64) {
        let parameter = table.parameters[index]
        let random = CounterRandom(
            seed: seed, purpose: RandomPurpose.adapterInitialization,
            example: table.parameters[..<index].count(where: \.isAdapter))
        let draw = distribution(parameter, index: index)
        for position in values.indices { values[position] = Float(draw(random, position)) }
    }

    private typealias Distribution = (CounterRandom, Int) -> Double

    private func distribution(_ parameter: Parameter, index: Int) -> Distribution {
        switch table.adapter {
        case .lora where parameter.name.hasSuffix(ParameterTable.lowRankDown):
            return uniform(inputs: parameter.shape[1])
        case .prefix(_, mlp: 0, _):
            return { 0.01 * $0.normal($1) }
        case .prefix where parameter.name == ParameterTable.prefixEmbedding:
            return { $0.normal($1) }
        case .prefix:
            // A bias follows its weight [outputs, inputs] in the table.
            return uniform(inputs: table.parameters[parameter.role == .matrix ? index : index - 1].shape[1])
        case .bottleneck where parameter.role == .matrix:
            return { 0.01 * $0.normal($1, within: 2, of: parameter.count) }
        case .lora, .bottleneck, nil:
            return { _, _ in 0 }
        }
    }

    private func uniform(inputs: Int) -> Distribution {
        let bound = 1 / Double(inputs).squareRoot()
        return { bound * (2 * $0.uniform($1) - 1) }
    }
}

extension CounterRandom {
    /// From the normal distribution without its tails: what lies beyond `limit` is drawn again.
    ///
    /// - Parameter count: the positions are below it, so that each has draws of its own.
    fileprivate func normal(_ position: Int, within limit: Double, of count: Int) -> Double {
        var (draw, trial) = (normal(position), 1)
        while abs(draw) > limit {
            draw = normal(trial * count + position)
            trial += 1
        }
        return draw
    }
}

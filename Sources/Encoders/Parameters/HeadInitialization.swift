import Experiments
import Numerics

/// The initial values of a head's parameters.
///
/// * linear: weights N(0, 0.02), bias 0.
/// * mlp: as EH-FT's code: weights N(0, 0.005), bias U(-1/√inputs, 1/√inputs).
/// * hf: as transformers: weights N(0, initializer_range), bias 0.
struct HeadInitialization {
    let table: ParameterTable

    /// - Parameters:
    ///   - index: of the parameter in the table.
    ///   - number: of the parameter within the head.
    func fill(_ values: UnsafeMutableBufferPointer<Float>, index: Int, number: Int, seed: UInt64) {
        let parameter = table.parameters[index]
        let random = CounterRandom(seed: seed, purpose: .headInitialization, example: number)
        if parameter.role == .matrix {
            for position in values.indices { values[position] = Float(deviation * random.normal(position)) }
        } else if case .mlp = table.head {
            // A bias follows its weight [outputs, inputs] in the table.
            let bound = 1 / Double(table.parameters[index - 1].shape[1]).squareRoot()
            for position in values.indices { values[position] = Float(bound * (2 * random.uniform(position) - 1)) }
        } else {
            values.update(repeating: 0)
        }
    }

    private var deviation: Double {
        switch table.head {
        case .linear: 0.02
        case .mlp: 0.005
        case .hf: table.configuration.initializerRange
        }
    }
}

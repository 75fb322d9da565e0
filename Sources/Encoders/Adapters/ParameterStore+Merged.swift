extension ParameterStore {
    /// A parameter's values with what LoRA adds to it: W + (alpha / rank) B A, [outputs, inputs], summed in double
    /// precision; any other parameter's values as they are.
    package func mergedValues(_ index: Int) -> [Float] {
        let parameter = table.parameters[index]
        var values = Array(values(index))
        let layer = parameter.name.dropLast(".weight".count)
        guard case .lora(let settings) = table.adapter, parameter.name.hasSuffix(".weight"),
            let down = table.index(of: layer + ParameterTable.lowRankDown),
            let up = table.index(of: layer + ParameterTable.lowRankUp)
        else { return values }
        let (a, b) = (self.values(down), self.values(up))
        let (outputs, inputs, rank) = (parameter.shape[0], parameter.shape[1], settings.rank)
        let scale = settings.alpha / Double(rank)
        for output in 0..<outputs {
            for input in 0..<inputs {
                var sum = 0.0
                for inner in 0..<rank { sum += Double(b[output * rank + inner]) * Double(a[inner * inputs + input]) }
                values[output * inputs + input] += Float(scale * sum)
            }
        }
        return values
    }
}

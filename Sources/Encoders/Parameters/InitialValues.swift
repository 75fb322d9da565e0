import Safetensors

/// Where a parameter's first values come from.
struct InitialValues {
    /// nil for a parameter of the head or of an adapter that no file has.
    let values: UnsafeBufferPointer<Float>?
    /// Who owns the values, unless it is the backbone.
    let memory: FloatsInMemory?

    /// - Parameters:
    ///   - overlays: a later one goes before an earlier one, and all before the backbone.
    ///   - replacement: what stands in for the backbone's values.
    init(
        of parameter: Parameter, overlays: [SafetensorsFile], replacement: [Float]?, backbone: Backbone
    ) throws(ModelError) {
        if let floats = try Self.overlaid(parameter, overlays, replacement, backbone) {
            let memory = FloatsInMemory(floats)
            self.memory = memory
            values = memory.values
            return
        }
        memory = nil
        if parameter.isAdapter {
            values = nil
        } else if parameter.place != .head {
            values = try backbone.requiredValues(of: parameter)
        } else {
            values = try backbone.headValues(of: parameter)
        }
    }
}

extension InitialValues {
    /// What the overlays make of the parameter; nil where it is as the backbone has it.
    private static func overlaid(
        _ parameter: Parameter, _ overlays: [SafetensorsFile], _ replacement: [Float]?, _ backbone: Backbone
    ) throws(ModelError) -> [Float]? {
        var result = replacement
        for overlay in overlays {
            if let floats = try overlay.floats(of: parameter) {
                result = floats
            } else if overlay.tensor(named: parameter.name + SparseTensor.indices) != nil {
                var floats: [Float]
                if let result { floats = result } else { floats = Array(try backbone.requiredValues(of: parameter)) }
                if try overlay.place(parameter, into: &floats) { result = floats }
            }
        }
        return result
    }
}

extension SafetensorsFile {
    /// - Returns: nil where the file does not name the parameter.
    func floats(of parameter: Parameter) throws(ModelError) -> [Float]? {
        guard let tensor = tensor(named: parameter.name) else { return nil }
        guard tensor.shape == parameter.shape else {
            throw ModelError(
                path: path, problem: "tensor '\(parameter.name)' is \(tensor.shape), the model has \(parameter.shape)")
        }
        guard let floats = tensor.floats() else {
            throw ModelError(
                path: path,
                problem: "tensor '\(parameter.name)' is \(tensor.type.rawValue); readable are F32, F16 and BF16")
        }
        return floats
    }
}

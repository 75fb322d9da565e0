import Experiments
package import Safetensors

/// The values of all parameters: those that move in the arena, the others where the pretrained model has them.
package final class ParameterStore {
    package let table: ParameterTable
    package let arena: Arena
    package let backbone: Backbone
    /// By index in the table; pointers into the arena, the backbone or memory of the store.
    private var starts: [UnsafePointer<Float>] = []
    private let segments: [Int: Range<Int>]
    private var kept: [FloatsInMemory] = []
    /// Parameters of the head that no file gave a value.
    private var uninitialized: Set<Int> = []

    /// - Parameters:
    ///   - overlays: what earlier stages learned; a later one goes before an earlier one, and all before the backbone.
    ///   - moving: which parameters are trained.
    package init(
        table: ParameterTable, backbone: Backbone, overlays: [SafetensorsFile] = [], moving: (Parameter) -> Bool
    ) throws(ModelError) {
        self.table = table
        self.backbone = backbone
        arena = Arena(table: table, moving: moving)
        segments = Dictionary(uniqueKeysWithValues: arena.segments.map { ($0.parameter, $0.range) })
        for overlay in overlays { try checkNames(overlay) }
        for index in table.parameters.indices { try place(index, overlays) }
    }

    package func index(of name: String) -> Int? { table.index(of: name) }

    /// Valid while the store lives.
    package func values(_ index: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: starts[index], count: table.parameters[index].count)
    }

    /// nil where the parameter does not move.
    package func gradient(_ index: Int) -> UnsafeMutableBufferPointer<Float>? {
        segments[index].map { UnsafeMutableBufferPointer(rebasing: arena.gradients[$0]) }
    }

    /// Sets the parameters that move to the values in the file; those it does not name stay.
    package func load(_ file: SafetensorsFile) throws(ModelError) {
        try checkNames(file)
        for name in file.names {
            guard let index = table.index(of: name), let range = segments[index] else {
                throw ModelError(path: file.path, problem: "tensor '\(name)' is a parameter that does not move here")
            }
            guard let floats = try Self.floats(of: table.parameters[index], in: file) else { continue }
            _ = arena.values[range].update(from: floats)
            uninitialized.remove(index)
        }
    }

    /// Gives the parameters of the head that came from no file their initial values, as a function of the seed.
    package func initializeHead(seed: UInt64) {
        let first = table.parameters.firstIndex { $0.place == .head } ?? table.parameters.count
        for index in uninitialized.sorted() {
            guard let range = segments[index] else { continue }
            HeadInitialization(table: table).fill(
                UnsafeMutableBufferPointer(rebasing: arena.values[range]), index: index, number: index - first,
                seed: seed)
        }
    }

    private func place(_ index: Int, _ overlays: [SafetensorsFile]) throws(ModelError) {
        let parameter = table.parameters[index]
        let initial = try initialValues(of: parameter, overlays)
        if initial == nil { uninitialized.insert(index) }
        if let range = segments[index] {
            if let initial { _ = arena.values[range].update(from: initial) }
            starts.append(UnsafePointer(arena.values.baseAddress! + range.lowerBound))
        } else {
            starts.append((initial ?? keep([Float](repeating: 0, count: parameter.count))).baseAddress!)
        }
    }

    private func initialValues(
        of parameter: Parameter, _ overlays: [SafetensorsFile]
    ) throws(ModelError) -> UnsafeBufferPointer<Float>? {
        for overlay in overlays.reversed() {
            if let floats = try Self.floats(of: parameter, in: overlay) { return keep(floats) }
        }
        guard parameter.place == .head else { return try backbone.requiredValues(of: parameter) }
        // BERT's own head begins with the pooler it was pretrained with.
        guard parameter.name.hasPrefix("head.pooler.") else { return nil }
        return try backbone.values(named: String(parameter.name.dropFirst(5)), shape: parameter.shape)
    }

    private func keep(_ floats: [Float]) -> UnsafeBufferPointer<Float> {
        kept.append(FloatsInMemory(floats))
        return kept[kept.count - 1].values
    }

    private func checkNames(_ file: SafetensorsFile) throws(ModelError) {
        for name in file.names where table.index(of: name) == nil {
            throw ModelError(
                path: file.path, problem: "tensor '\(name)' is no parameter of this model with head '\(table.head)'")
        }
    }

    private static func floats(of parameter: Parameter, in file: SafetensorsFile) throws(ModelError) -> [Float]? {
        guard let tensor = file.tensor(named: parameter.name) else { return nil }
        guard tensor.shape == parameter.shape else {
            throw ModelError(
                path: file.path,
                problem: "tensor '\(parameter.name)' is \(tensor.shape), the model has \(parameter.shape)")
        }
        guard let floats = tensor.floats() else {
            throw ModelError(
                path: file.path, problem: "tensor '\(parameter.name)' is \(tensor.type.rawValue), not numbers")
        }
        return floats
    }
}

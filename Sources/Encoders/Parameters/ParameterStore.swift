import Experiments
package import Numerics
package import Safetensors

/// The values of all parameters: those that move in the arena, the others where the pretrained model has them.
package final class ParameterStore {
    package let table: ParameterTable
    package let arena: Arena
    package let backbone: Backbone
    /// By index in the table; pointers into the arena, the backbone or memory of the store.
    private var starts: [UnsafePointer<Float>] = []
    /// Whole parameters' places in the arena.
    private var segments: [Int: Range<Int>] = [:]
    /// By index in the table.
    private var partial: [Int: PartialParameter] = [:]
    private var kept: [FloatsInMemory] = []
    /// Parameters of the head and of the adapter that no file gave a value.
    private var uninitialized: Set<Int> = []
    /// Another number after every change of values: what was made of them before may be stale.
    private(set) var version = 0

    /// - Parameters:
    ///   - overlays: what earlier stages learned; a later one goes before an earlier one, and all before the backbone.
    ///   - replacing: values, by index in the table, that stand in for the backbone's.
    ///   - parts: how each parameter of the table is trained.
    package init(
        table: ParameterTable, backbone: Backbone, overlays: [SafetensorsFile] = [],
        replacing: (Int, Parameter) -> [Float]? = { _, _ in nil }, parts: [TrainablePart]
    ) throws(ModelError) {
        for overlay in overlays { try Self.checkNames(overlay, table) }
        // Before anything is allocated: a configuration that asks for absurd sizes fails on the file's tensors.
        var initial: [InitialValues] = []
        for (index, parameter) in table.parameters.enumerated() {
            initial.append(
                try InitialValues(
                    of: parameter, overlays: overlays, replacement: replacing(index, parameter), backbone: backbone))
        }
        self.table = table
        self.backbone = backbone
        arena = Arena(table: table, parts: parts)
        let places = Dictionary(uniqueKeysWithValues: arena.segments.map { ($0.parameter, $0) })
        for (index, values) in initial.enumerated() { place(index, values, at: places[index]) }
    }

    /// - Parameter moving: which parameters are trained, each as a whole.
    package convenience init(
        table: ParameterTable, backbone: Backbone, overlays: [SafetensorsFile] = [], moving: (Parameter) -> Bool
    ) throws(ModelError) {
        try self.init(
            table: table, backbone: backbone, overlays: overlays,
            parts: table.parameters.map { moving($0) ? .whole : .fixed })
    }

    package func index(of name: String) -> Int? { table.index(of: name) }

    /// Valid while the store lives.
    package func values(_ index: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: starts[index], count: table.parameters[index].count)
    }

    /// nil where the parameter does not move.
    package func gradient(_ index: Int) -> UnsafeMutableBufferPointer<Float>? {
        if let partial = partial[index] { return partial.gradient.values }
        return segments[index].map { UnsafeMutableBufferPointer(rebasing: arena.gradients[$0]) }
    }

    /// The word embedding's rows that have a gradient; nil where it does not move.
    var wordRows: SparseRows? { arena.rows ?? partial.values.lazy.compactMap(\.rows).first }

    /// The pretrained values of a backbone's parameter, θ0, whatever the stage started from.
    package func pretrained(_ index: Int) throws(ModelError) -> UnsafeBufferPointer<Float> {
        try backbone.requiredValues(of: table.parameters[index])
    }

    /// To be called after the backward passes of a step: of parameters of which only some entries move, brings these
    /// entries' gradients into the arena.
    package func collectGradients(_ compute: Compute) {
        for parameter in partial.values { parameter.collectGradient(into: arena, compute) }
    }

    /// To be called after the arena's values were changed: shows the network the entries that move on their own.
    package func publishValues() {
        valuesChanged()
        for parameter in partial.values { parameter.publishValues(of: arena) }
    }

    /// To be called after the arena's values were changed in a way that `publishValues` is not for: for the passes of one
    /// step alone, or after the last.
    package func valuesChanged() { version += 1 }

    /// Sets the parameters that move to the values in the file; those that it does not name or that are not wanted stay.
    package func load(
        _ file: SafetensorsFile, where isWanted: (Parameter) -> Bool = { _ in true }
    ) throws(ModelError) {
        try Self.checkNames(file, table)
        defer { valuesChanged() }
        for name in file.names {
            guard let index = table.index(of: name), let range = segments[index] else {
                throw ModelError(path: file.path, problem: "tensor '\(name)' is a parameter that does not move here")
            }
            guard isWanted(table.parameters[index]), let floats = try file.floats(of: table.parameters[index]) else {
                continue
            }
            _ = arena.values[range].update(from: floats)
            uninitialized.remove(index)
        }
    }

    /// Gives the parameters of head and adapter that came from no file their initial values, as a function of the seed.
    package func drawInitialValues(seed: UInt64) {
        defer { valuesChanged() }
        let first = table.parameters.firstIndex { $0.place == .head } ?? table.parameters.count
        for index in uninitialized.sorted() {
            guard let range = segments[index] else { continue }
            let values = UnsafeMutableBufferPointer(rebasing: arena.values[range])
            if table.parameters[index].isAdapter {
                AdapterInitialization(table: table).fill(values, index: index, seed: seed)
            } else {
                HeadInitialization(table: table).fill(values, index: index, number: index - first, seed: seed)
            }
        }
    }

    private func place(_ index: Int, _ initial: InitialValues, at segment: Arena.Segment?) {
        if initial.values == nil { uninitialized.insert(index) }
        if let segment, let entries = segment.entries, let values = initial.values {
            let parameter = PartialParameter(table.parameters[index], entries, at: segment.range, initial: values)
            parameter.initialize(arena)
            partial[index] = parameter
            starts.append(UnsafePointer(parameter.values.start))
        } else if let range = segment?.range {
            segments[index] = range
            if let values = initial.values { _ = arena.values[range].update(from: values) }
            starts.append(UnsafePointer(arena.values.baseAddress! + range.lowerBound))
        } else {
            let memory = initial.values == nil ? zeros(table.parameters[index].count) : initial.memory
            if let memory { kept.append(memory) }
            starts.append((initial.values ?? kept[kept.count - 1].values).baseAddress!)
        }
    }

    private func zeros(_ count: Int) -> FloatsInMemory { FloatsInMemory([Float](repeating: 0, count: count)) }

    private static func checkNames(_ file: SafetensorsFile, _ table: ParameterTable) throws(ModelError) {
        for name in file.names where table.index(of: SparseTensor.parameterName(name)) == nil {
            throw ModelError(
                path: file.path, problem: "tensor '\(name)' is no parameter of this model with head '\(table.head)'")
        }
    }
}

extension ParameterStore {
    /// What part of the learning rate each segment of the arena has where it falls by a factor from layer to layer: the
    /// whole in head and pooler, the factor in the last layer, and one power more in each below it, the embeddings last.
    /// - Returns: an empty list where that is the whole everywhere.
    package func rateShares(layerDecay: Double) -> [Double] {
        guard layerDecay != 1 else { return [] }
        let layers = table.configuration.layers
        return arena.segments.map { segment in
            let depth =
                switch table.parameters[segment.parameter].place {
                case .embeddings: layers + 1
                case .layer(let number): layers - number
                case .pooler, .head: 0
                }
            // Repeated products have the same bits on every machine.
            return (0..<depth).reduce(1) { share, _ in share * layerDecay }
        }
    }
}

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
        for overlay in overlays { try Self.checkNames(overlay, table) }
        // Before anything is allocated: a configuration that asks for absurd sizes fails on the file's tensors.
        var initial: [InitialValues] = []
        for parameter in table.parameters {
            initial.append(try InitialValues(of: parameter, overlays: overlays, backbone: backbone))
        }
        self.table = table
        self.backbone = backbone
        arena = Arena(table: table, moving: moving)
        segments = Dictionary(uniqueKeysWithValues: arena.segments.map { ($0.parameter, $0.range) })
        for (index, values) in initial.enumerated() { place(index, values) }
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
        try Self.checkNames(file, table)
        for name in file.names {
            guard let index = table.index(of: name), let range = segments[index] else {
                throw ModelError(path: file.path, problem: "tensor '\(name)' is a parameter that does not move here")
            }
            guard let floats = try file.floats(of: table.parameters[index]) else { continue }
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

    private func place(_ index: Int, _ initial: InitialValues) {
        if initial.values == nil { uninitialized.insert(index) }
        if let range = segments[index] {
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
        for name in file.names where table.index(of: name) == nil {
            throw ModelError(
                path: file.path, problem: "tensor '\(name)' is no parameter of this model with head '\(table.head)'")
        }
    }
}

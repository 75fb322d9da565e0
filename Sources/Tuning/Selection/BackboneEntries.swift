package import Encoders
import Safetensors

/// The scalar entries of a backbone, numbered through its parameters in the order of the table; head and adapters have
/// no part in it.
package struct BackboneEntries {
    /// In the table, ascending.
    let parameters: [Int]
    /// Where each parameter's entries begin, and after the last the number of all.
    let starts: [Int]
    private let table: ParameterTable

    package init(_ table: ParameterTable) {
        self.table = table
        parameters = table.parameters.indices.filter { table.parameters[$0].isOfBackbone }
        starts = parameters.reduce(into: [0]) { $0.append($0[$0.count - 1] + table.parameters[$1].count) }
    }

    /// N
    package var count: Int { starts[starts.count - 1] }

    /// p·N, at least one.
    package func count(share: Double) -> Int { max(1, min(count, Int((share * Double(count)).rounded()))) }

    /// One number for each entry, read from a file of statistics.
    func values(in file: SafetensorsFile) throws(ModelError) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(count)
        for index in parameters {
            let parameter = table.parameters[index]
            guard let tensor = file.tensor(named: parameter.name), tensor.shape == parameter.shape,
                let floats = tensor.floats()
            else {
                throw ModelError(
                    path: file.path,
                    problem:
                        "holds no statistics of '\(parameter.name)' \(parameter.shape); were they of another model?")
            }
            guard floats.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
                throw ModelError(
                    path: file.path, problem: "statistics of '\(parameter.name)' are negative or not finite")
            }
            values += floats
        }
        return values
    }

    /// One parameter's part of the values of all entries.
    func scores(ofParameter index: Int, in values: [Float]) -> ArraySlice<Float> {
        guard let place = parameters.firstIndex(of: index) else { preconditionFailure("no parameter of the backbone") }
        return values[starts[place]..<starts[place + 1]]
    }

    /// How each parameter of the table is trained where the chosen entries and the head are.
    /// - Parameter chosen: numbers of entries, ascending.
    func trainableParts(of chosen: [Int]) -> [TrainablePart] {
        var parts = table.headOnly
        var next = 0
        for (place, index) in parameters.enumerated() {
            var entries: [Int32] = []
            while next < chosen.count, chosen[next] < starts[place + 1] {
                entries.append(Int32(chosen[next] - starts[place]))
                next += 1
            }
            if !entries.isEmpty { parts[index] = .entries(entries) }
        }
        return parts
    }
}

extension Parameter {
    /// Whether it is one of the pretrained model's own.
    package var isOfBackbone: Bool { place != .head && !isAdapter }
}

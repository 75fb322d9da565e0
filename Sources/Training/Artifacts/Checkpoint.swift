import Collectives
import Encoders
import Experiments
import Files
import Foundation
import Safetensors

/// The file from which another attempt at a stage goes on: the arena's values and moments, the best values so far,
/// and the state beside them. It is replaced as a whole, so a crash leaves the last one or the new one.
struct Checkpoint {
    let path: String
    private let stage: StageKey

    init(of stage: StageKey, in workDirectory: String) {
        self.stage = stage
        path = "\(workDirectory)/checkpoints/\(stage)/checkpoint.safetensors"
    }

    /// Everything that a step changes.
    struct Content {
        var state: TrainingState
        var bestValues: [Float]?
    }

    func write(_ content: Content, _ arena: Arena) throws {
        try Directory.make(Path.folder(of: path))
        var tensors = [
            TensorSource(name: "values", shape: [arena.count], floats: .init(arena.values)),
            TensorSource(name: "first_moments", shape: [arena.count], floats: .init(arena.firstMoments)),
            TensorSource(name: "second_moments", shape: [arena.count], floats: .init(arena.secondMoments)),
        ]
        let state = String(decoding: try CanonicalJSON.encode(content.state), as: UTF8.self)
        let moments = [arena.firstMoments, arena.secondMoments].map { UnsafeRawBufferPointer($0) }
        let metadata = [
            "stage": stage.description, "state": state,
            "digest": digest(state, [UnsafeRawBufferPointer(arena.values)] + moments, content.bestValues).hex,
        ]
        if let best = content.bestValues {
            tensors.append(TensorSource(name: "best_values", shape: [arena.count], floats: best))
        }
        try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
    }

    /// What a disk must give back to the bit, or the stage would end elsewhere than one that was never stopped.
    private func digest(_ state: String, _ blocks: [UnsafeRawBufferPointer], _ bestValues: [Float]?) -> Digest {
        var hasher = Digest.Hasher()
        hasher.update(Array(state.utf8))
        for block in blocks { hasher.update(block) }
        if let bestValues { bestValues.withUnsafeBytes { hasher.update($0) } }
        return hasher.finish()
    }

    /// Fills the arena from the file.
    /// - Parameter isUsable: whether a state may be gone on from.
    /// - Returns: nil where there is no checkpoint of this stage that fits the arena: the stage then starts anew.
    func read(into arena: Arena, where isUsable: (TrainingState) -> Bool) throws -> Content? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file = try SafetensorsFile(path: path)
        guard file.metadata["stage"] == stage.description, let text = file.metadata["state"],
            let values = file.tensor(named: "values")?.floats(), values.count == arena.count,
            let firstMoments = file.tensor(named: "first_moments")?.floats(), firstMoments.count == arena.count,
            let secondMoments = file.tensor(named: "second_moments")?.floats(), secondMoments.count == arena.count
        else { return nil }
        let bestValues = file.tensor(named: "best_values")?.floats()
        let found = values.withUnsafeBytes { values in
            firstMoments.withUnsafeBytes { first in
                secondMoments.withUnsafeBytes { digest(text, [values, first, $0], bestValues) }
            }
        }
        guard found.hex == file.metadata["digest"] else {
            throw SafetensorsError(path: path, problem: "its bytes are not those that were written")
        }
        let state = try CanonicalJSON.decode(TrainingState.self, from: Data(text.utf8))
        guard isUsable(state) else { return nil }
        _ = arena.values.update(fromContentsOf: values)
        _ = arena.firstMoments.update(fromContentsOf: firstMoments)
        _ = arena.secondMoments.update(fromContentsOf: secondMoments)
        return Content(state: state, bestValues: bestValues)
    }

    /// Rank 0 reads the checkpoint, and all ranks get what it holds. One that cannot be used costs time, never the stage.
    /// - Parameter steps: of the whole stage.
    /// - Returns: nil where the stage starts anew.
    func resume(
        _ arena: Arena, _ communicator: any Communicator, _ observer: any StageObserver, of steps: Int,
        where isUsable: (TrainingState) -> Bool = { _ in true }
    ) throws -> Content? {
        let found = try communicator.agree { () -> Content? in
            guard communicator.rank == 0 else { return nil }
            do {
                return try read(into: arena, where: isUsable)
            } catch {
                observer.noted("starting anew, since the checkpoint cannot be used: \(error)")
                return nil
            }
        }
        let message = try found.map { [UInt8](try CanonicalJSON.encode($0.state)) } ?? []
        let shared = try communicator.broadcast(message, from: 0)
        guard !shared.isEmpty else { return nil }
        var content = Content(state: try CanonicalJSON.decode(TrainingState.self, from: Data(shared)))
        for block in [arena.values, arena.firstMoments, arena.secondMoments] {
            try communicator.broadcast(block, from: 0)
        }
        arena.momentsWereRestored()
        if content.state.best != nil {
            var values = found?.bestValues ?? [Float](repeating: 0, count: arena.count)
            try values.withUnsafeMutableBufferPointer { try communicator.broadcast($0, from: 0) }
            content.bestValues = values
        }
        if communicator.rank == 0 { observer.noted("continuing after step \(content.state.step) of \(steps)") }
        return content
    }

    /// A checkpoint that cannot be written costs safety, not the stage.
    func save(_ content: Content, _ arena: Arena, _ observer: any StageObserver) {
        do {
            try write(content, arena)
        } catch {
            observer.noted("no checkpoint after step \(content.state.step): \(error)")
        }
    }

    func remove() throws(FileError) { try Directory.remove(Path.folder(of: path)) }
}

package import Collectives
import Encoders
package import Experiments
import Files
import Foundation
import Safetensors
import Tasks
import Tokenizers

extension Communicator {
    /// Runs `body` on every rank. Where it fails on any rank, all ranks throw the failure of the lowest such rank, so
    /// that none waits for ever in the next collective call.
    package func agree<Value>(_ body: () throws -> Value) throws(StageFailure) -> Value {
        let result = Result { try body() }.mapError(StageFailure.init(classifying:))
        do {
            var message: [UInt8] = []
            if case .failure(let failure) = result { message = [UInt8](try CanonicalJSON.encode(failure)) }
            if let first = try gather(message).first(where: { !$0.isEmpty }) {
                throw try CanonicalJSON.decode(StageFailure.self, from: Data(first))
            }
        } catch {
            throw StageFailure(classifying: error)
        }
        return try result.get()
    }
}

extension StageFailure {
    /// Sorts an error by whose fault it is: the input's, as far as one can tell here, or this host's.
    package init(classifying error: any Error) {
        switch error {
        case let failure as StageFailure: self = failure
        // Whatever was read, the memory is the host's; the system's own words are all that is left of its error number.
        case _ where "\(error)".contains("cannot allocate memory"): self.init(.outOfMemory, "\(error)")
        // What this host cannot read may well be there on another.
        case _ where "\(error)".contains(": cannot read"): self.init(.node, "\(error)")
        case is DatasetError, is ModelError, is SafetensorsError: self.init(.badInput, "\(error)")
        case TokenizerError.missing, TokenizerError.unreadable: self.init(.node, "\(error)")
        case let error as TokenizerError: self.init(.badInput, "\(error)")
        case let error as FileError where error.isDiskFull: self.init(.diskFull, "\(error)")
        default: self.init(.node, "\(error)")
        }
    }
}

import Foundation
import TestKit

extension TemporaryFolder {
    /// A folder with these files, which need not be text.
    convenience init(_ files: [String: [UInt8]]) throws {
        try self.init()
        for (name, bytes) in files { try Data(bytes).write(to: URL(filePath: self[name])) }
    }
}

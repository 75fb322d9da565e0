import TestKit

extension TemporaryFolder {
    /// A folder with these files, such as tokenizers are loaded from.
    convenience init(_ files: [String: String]) throws {
        try self.init()
        for (name, text) in files { try write(text, to: name) }
    }
}

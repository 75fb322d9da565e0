import Foundation

/// A folder with tokenizer files, removed with the value's last use.
final class ModelFolder {
    let path = FileManager.default.temporaryDirectory.appending(path: "headstart-\(UUID().uuidString)").path

    init(_ files: [String: String]) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)")) }
    }

    /// A folder that stays behind does no harm.
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The directory of the pretrained model the tests use, if this machine has it.
let miniLM: String? = {
    let environment = ProcessInfo.processInfo.environment
    let usual = "\(NSHomeDirectory())/.cache/headstart/models/all-MiniLM-L6-v2"
    let path = environment["HEADSTART_MINILM"] ?? usual
    return FileManager.default.fileExists(atPath: "\(path)/tokenizer.json") ? path : nil
}()

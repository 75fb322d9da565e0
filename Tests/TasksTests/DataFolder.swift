import Foundation

/// A folder with data files, removed with the value's last use.
final class DataFolder {
    let path = FileManager.default.temporaryDirectory.appending(path: "headstart-\(UUID().uuidString)").path

    init(_ files: [String: [UInt8]] = [:]) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, bytes) in files { try Data(bytes).write(to: URL(filePath: "\(path)/\(name)")) }
    }

    /// A folder that stays behind does no harm.
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The folder of public datasets, if this machine has it: $HEADSTART_SHARED/data, else beside the repository.
let sharedData: String? = {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let shared = ProcessInfo.processInfo.environment["HEADSTART_SHARED"] ?? repository.path + "/../shared"
    return FileManager.default.fileExists(atPath: "\(shared)/data/README.md") ? "\(shared)/data" : nil
}()

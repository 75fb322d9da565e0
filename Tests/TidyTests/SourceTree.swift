import Foundation

/// A text file of the repository.
struct SourceFile: Sendable {
    /// Relative to the repository's root.
    let path: String
    let lines: [String]
}

/// The repository this test was built from.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folders the repository has, by agreement.
    static let folders: Set<String> = ["Sources", "Tests", "cluster", "configs", "scripts"]

    /// What people write, but for this target, whose rules quote what they forbid.
    static func files() throws -> [SourceFile] {
        try (folders.sorted() + [".ci"]).flatMap { try files(under: $0) }
    }

    private static func files(under folder: String) throws -> [SourceFile] {
        let start = root.appending(path: folder)
        guard let paths = FileManager.default.enumerator(atPath: start.path) else { return [] }
        return try paths.compactMap { $0 as? String }.sorted().compactMap { path in
            let relative = "\(folder)/\(path)"
            guard !relative.hasPrefix("Tests/TidyTests/"), !relative.contains("/__pycache__/") else { return nil }
            let file = start.appending(path: path)
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { return nil }
            // Recorded references may be binary; they hold nothing to judge.
            guard let text = String(data: try Data(contentsOf: file), encoding: .utf8) else { return nil }
            return SourceFile(path: relative, lines: text.components(separatedBy: "\n"))
        }
    }
}

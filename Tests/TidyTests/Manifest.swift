import Foundation

/// The targets that Package.swift declares, read as text: SwiftPM itself would wait for the build that runs the test.
struct Manifest {
    struct Target {
        let name: String
        /// Of its sources, with a slash at the end.
        let folder: String
        /// Names of targets and of other packages' products.
        let dependencies: Set<String>
        let isProgram: Bool
    }

    let targets: [Target]
    /// All that a target may import and must declare.
    let modules: Set<String>

    init() throws {
        let text = try String(contentsOf: SourceTree.root.appending(path: "Package.swift"), encoding: .utf8)
        var products: [Substring: String] = [:]
        for match in text.matches(of: /let (\w+): Target\.Dependency = \.product\(name: "(\w+)"/) {
            products[match.1] = String(match.2)
        }
        // The helper functions above the package declare no target.
        let list = text[(text.firstRange(of: "let package")?.upperBound ?? text.startIndex)...]
        let starts = list.matches(of: /\b(library|tests|target|executableTarget|testTarget|systemLibrary)\(/)
        targets = starts.indices.map { index in
            let end = index + 1 < starts.count ? starts[index + 1].range.lowerBound : list.endIndex
            return Target(kind: starts[index].1, list[starts[index].range.upperBound..<end], products)
        }
        modules = Set(targets.map(\.name)).union(products.values)
    }

    /// What the Swift files of a target import; nil where it has none.
    func imports(of target: Target, among files: [SourceFile]) -> Set<String>? {
        let sources = files.filter { $0.path.hasPrefix(target.folder) && $0.path.hasSuffix(".swift") }
        guard !sources.isEmpty else { return nil }
        let names = sources.flatMap(\.lines).compactMap { line in
            line.firstMatch(of: /^(?:@\w+ )?(?:\w+ )?import (?:(?:struct|class|enum|protocol|func) )?(\w+)/)?.1
        }
        return Set(names.map(String.init)).intersection(modules)
    }
}

extension Manifest.Target {
    /// - Parameter declaration: what stands between the parentheses.
    fileprivate init(kind: Substring, _ declaration: Substring, _ products: [Substring: String]) {
        let first = declaration.firstMatch(of: /"(\w+)"/).map { String($0.1) } ?? ""
        let isShort = kind == "library" || kind == "tests"
        let list =
            isShort
            ? declaration.firstMatch(of: /\[([^\]]*)\]/)?.1
            : declaration.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.1
        var dependencies = Set((list ?? "").matches(of: /\w+/).map { products[$0.output] ?? String($0.output) })
        if kind == "tests" { dependencies.insert(first) }
        self.dependencies = dependencies
        name = kind == "tests" ? "\(first)Tests" : first
        let path = declaration.firstMatch(of: /path: "([^"]+)"/).map { String($0.1) }
        folder = (path ?? "\(kind == "tests" || kind == "testTarget" ? "Tests" : "Sources")/\(name)") + "/"
        isProgram = kind == "executableTarget"
    }
}

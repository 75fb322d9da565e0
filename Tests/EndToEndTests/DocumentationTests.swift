import Foundation
import TestKit
import Testing

/// A page of the documentation, taken apart.
struct Page: Sendable, CustomTestStringConvertible {
    struct Block: Sendable {
        /// What stands behind the fence: sh, console, yaml, swift or json.
        let language: String
        /// Its first line, from 1.
        let line: Int
        let text: String

        /// The file that it is, as its first line says.
        var file: String? {
            let first = text.split(separator: "\n").first.map(String.init) ?? ""
            return first.firstMatch(of: /^(?:#|\/\/) ([\w\/+.-]+\.(?:yaml|swift))$/).map { String($0.1) }
        }
    }

    let name: String
    let text: String
    let blocks: [Block]

    var testDescription: String { name }

    static let folder = "\(Program.package)/Sources/headstart/Documentation.docc"

    static let all: [Page] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".md") }.sorted().compactMap { try? Page($0) }
    }()

    private init(_ file: String) throws {
        name = String(file.dropLast(3))
        text = try String(contentsOfFile: "\(Self.folder)/\(file)", encoding: .utf8)
        var blocks: [Block] = []
        var open: (language: String, line: Int, lines: [Substring])?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let block = open {
                if line == "```" {
                    blocks.append(
                        Block(language: block.language, line: block.line, text: block.lines.joined(separator: "\n")))
                    open = nil
                } else {
                    open?.lines.append(line)
                }
            } else if line.hasPrefix("```") {
                open = (String(line.dropFirst(3)), index + 2, [])
            }
        }
        self.blocks = blocks
    }
}

/// What the pages say to type, works.
@Suite(.serialized) struct DocumentationTests {
    private let shop: Workshop
    private let environment: [String: String?]

    /// The model that pages call minilm-l6 is a tiny one here; all else is as it is shipped.
    init() throws {
        shop = try Workshop()
        for name in ["methods.yaml", "tasks.yaml", "archives", "published"] {
            try shop.write("", to: "configs/.keep")
            try FileManager.default.createSymbolicLink(
                atPath: shop.path("configs/\(name)"), withDestinationPath: "\(Program.package)/configs/\(name)")
        }
        try shop.write("minilm-l6: { path: \(shop.model) }\n", to: "configs/models.yaml")
        let program = URL(filePath: Program.path).deletingLastPathComponent().path
        environment = [
            "PATH": "\(program):\(ProcessInfo.processInfo.environment["PATH"] ?? "")", "HOME": shop.path("home"),
            "HEADSTART_CONFIGS": shop.path("configs"), "HEADSTART_CACHE": shop.path("cache"), "HEADSTART_DATA": nil,
            "LC_ALL": "C.UTF-8",
        ]
        try shop.write("", to: "page/.keep")
        try FileManager.default.removeItem(atPath: shop.path("page/.keep"))
    }

    private func bash(_ script: String) throws -> Program.Outcome {
        try Running(
            ["-euo", "pipefail", "-c", script], of: "/bin/bash", in: shop.path("page"), environment: environment
        ).wait()
    }

    @Test func `there are pages for what people ask`() {
        let names = Set(Page.all.map(\.name))
        #expect(
            names.isSuperset(of: ["headstart", "tutorial", "cluster", "methods", "statistics", "wire", "new-method"]))
    }

    @Test(.timeLimit(.minutes(10)), arguments: Page.all.filter { $0.blocks.contains { $0.language == "sh" } })
    func `the commands of a page run in an empty folder, one after the other`(page: Page) throws {
        for block in page.blocks {
            if block.language == "yaml", let file = block.file { try shop.write(block.text + "\n", to: "page/\(file)") }
            guard block.language == "sh" else { continue }
            let outcome = try bash(block.text)
            guard outcome.status == 0 else {
                Issue.record(
                    "\(page.name).md:\(block.line): status \(outcome.status)\n\(outcome.output)\(outcome.errors)")
                return
            }
        }
    }

    @Test(arguments: Page.all.filter { $0.blocks.contains { $0.language == "yaml" } })
    func `every YAML of a page is planned`(page: Page) throws {
        try #require(try bash("headstart data demo --out demo").status == 0)
        for block in page.blocks where block.language == "yaml" {
            let place = "\(page.name).md:\(block.line)"
            if let file = block.file {
                // It has its data, and stands beside what it is like, in the page's own commands.
                guard block.text.contains("\nsweep: ") else { continue }
                let commands = page.blocks.filter { $0.language == "sh" && $0.line > block.line }.map(\.text).joined()
                let isPlanned = ["plan", "run", "coordinator"].contains { commands.contains("headstart \($0) \(file)") }
                #expect(isPlanned, "\(place): no command plans \(file)")
            } else {
                try shop.write(sweep(around: block.text), to: "page/fragment.yaml")
                let outcome = try bash("headstart plan fragment.yaml --data demo --no-measure")
                #expect(outcome.status == 0, "\(place): \(outcome.errors)")
            }
        }
    }

    /// Some methods, or what a sweep says besides.
    private func sweep(around fragment: String) -> String {
        let head = """
            sweep: fragment
            model: minilm-l6
            tasks: [demo-single]
            seeds: 1..2
            defaults: { max-steps: 20, max-length: 64 }

            """
        if fragment.hasPrefix("search:") { return head + "methods: [finetune]\n\(fragment)\n" }
        let lines = fragment.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
        return head + "methods:\n" + lines.joined(separator: "\n") + "\n"
    }

    @Test(arguments: Page.all.filter { $0.blocks.contains { $0.language == "console" } })
    func `commands for elsewhere have the options that they are given`(page: Page) throws {
        for block in page.blocks where block.language == "console" {
            for line in block.text.split(separator: "\n") where line.hasPrefix("headstart ") {
                let words = line.prefix { $0 != "#" }.split(separator: " ").dropFirst().map(String.init)
                let command = words.prefix { word in word.allSatisfy { $0.isLetter && $0.isLowercase } }.prefix(2)
                let help = try Program.run(["help"] + command.prefix(1)).output
                let inner = command.count > 1 ? try Program.run(["help"] + command).output : ""
                #expect(!help.isEmpty, "\(page.name).md: \(line)")
                for option in words where option.hasPrefix("--") {
                    let name = option.prefix { $0 != "=" }
                    let known = (help + inner).matches(of: /--[a-z][a-z-]*/).map(\.output)
                    #expect(known.contains(name), "\(page.name).md: \(line): there is no \(name)")
                }
            }
        }
    }

    @Test func `Swift and JSON on pages stand so in the sources`() throws {
        var found = 0
        let recorded = try String(
            contentsOfFile: "\(Program.package)/Tests/MessagesTests/RecordedMessages.swift", encoding: .utf8)
        let hex = try #require(recorded.firstMatch(of: /let hex = "(\w+)"/)).1
        let messages = recorded.replacing("\\#(hex)", with: hex)
        for page in Page.all {
            for block in page.blocks where block.language == "swift" {
                let file = try #require(block.file, "\(page.name).md:\(block.line): which file is it from?")
                let source = try String(contentsOfFile: "\(Program.package)/\(file)", encoding: .utf8)
                let text = block.text.drop { $0 != "\n" }.dropFirst()
                #expect(source.contains(text), "\(page.name).md:\(block.line): \(file) has it otherwise")
                found += 1
            }
            for block in page.blocks where block.language == "json" && page.name == "wire" {
                for line in block.text.split(separator: "\n") {
                    #expect(messages.contains(line), "\(page.name).md:\(block.line): no recorded message is \(line)")
                    found += 1
                }
            }
        }
        #expect(found > 5)
    }

    @Test func `links lead to something`() throws {
        let names = Set(Page.all.map(\.name))
        for page in Page.all {
            for link in page.text.matches(of: /<doc:([\w-]+)>/) {
                #expect(names.contains(String(link.1)), "\(page.name).md: there is no page '\(link.1)'")
            }
        }
        let readme = try String(contentsOfFile: "\(Program.package)/README.md", encoding: .utf8)
        for link in readme.matches(of: /\]\(([^)#]+)\)/) where !link.1.hasPrefix("http") {
            #expect(FileManager.default.fileExists(atPath: "\(Program.package)/\(link.1)"), "README.md: \(link.1)")
        }
    }
}

import Foundation
import TestKit
import Testing

/// What the program says of itself: methods, tasks, completions, manual pages.
struct WayfindingTests {
    private let shop: Workshop

    init() throws { shop = try Workshop() }

    private func bash(_ script: String) throws -> Program.Outcome {
        try shell("/bin/bash", ["-c", script])
    }

    /// With the program on the path, as people call it.
    private func shell(_ shell: String, _ arguments: [String]) throws -> Program.Outcome {
        let path = URL(filePath: Program.path).deletingLastPathComponent().path
        return try Running(
            arguments, of: shell, in: shop.folder,
            environment: ["PATH": "\(path):/usr/bin:/bin", "HEADSTART_DATA": nil, "LC_ALL": "C.UTF-8"]
        ).wait()
    }

    @Test func `methods are listed, and one is shown with all that is known of it`() throws {
        struct Method: Decodable {
            let name: String
            let about, source: String?
            let stages: [[String: String]]
            let yaml: String
        }
        struct Listing: Decodable { let methods: [Method] }
        let listed = try Program.run(["methods", "--json"]).lastJSON(Listing.self).methods
        #expect(listed.count > 40 && listed.allSatisfy { $0.about != nil && $0.source != nil })
        let shown = try Program.run(["methods", "show", "eh-ft-lora"])
        #expect(shown.status == 0 && shown.output.contains("\nsource\n  EH-FT, section 2.2"), "\(shown.errors)")
        #expect(shown.output.contains("\n  2  tune all; share 0.9; from head: previous\n"), "\(shown.output)")
        #expect(shown.output.hasSuffix("  - { tune: all, share: 0.9, from: { head: previous } }\n"))
        let unknown = try Program.run(["methods", "show", "eh-ft-lore"])
        #expect(unknown.status == 2 && unknown.errors.contains("did you mean 'eh-ft-lora'?"))
    }

    @Test func `tasks are listed, with their sizes where they are here`() throws {
        struct Task: Decodable {
            let name: String
            let kind: String?
            let train, dev: Int?
            let problem: String?
        }
        struct Listing: Decodable { let tasks: [Task] }
        let tasks = try shop.run("tasks", "--data", "data", "--json").lastJSON(Listing.self).tasks
        let tiny = try #require(tasks.first { $0.name == "tiny" })
        #expect(tiny.kind == "classification" && tiny.train == 64 && tiny.dev == 24)
        let others = tasks.filter { $0.name != "tiny" }
        #expect(others.count > 10 && others.allSatisfy { $0.train == nil && $0.problem == nil })
        #expect(try shop.run("tasks", environment: ["HEADSTART_DATA": nil]).status == 0)
    }

    // MARK: - Completions

    /// What bash would offer for the last of the words.
    private func offered(_ words: [String]) throws -> [Substring] {
        let line = words.joined(separator: " ")
        let outcome = try bash(
            """
            source <(headstart completions bash)
            # What a word ends at is bash's to say; only an interactive one knows compopt.
            compopt() { :; }
            COMP_WORDS=(\(words.map { "'\($0)'" }.joined(separator: " "))); COMP_CWORD=\(words.count - 1)
            COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}
            _headstart_and_value headstart "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """)
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
        return outcome.lines
    }

    @Test func `bash completes commands, methods, tasks, settings and what a store has`() throws {
        #expect(try offered(["headstart", "meth"]) == ["methods"])
        #expect(try offered(["headstart", "methods", "show", "eh-ft-l"]) == ["eh-ft-lora", "eh-ft-lora-reserve"])
        #expect(try offered(["headstart", "train", "--method", "lp"]) == ["lp-ft"])
        #expect(try offered(["headstart", "train", "--data", "data", "--task", "ti"]) == ["tiny"])
        #expect(try offered(["headstart", "train", "--set", "warm"]) == ["warmup="])
        #expect(try offered(["headstart", "explain", "--store", "nowhere", ""]).isEmpty)
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1]
            defaults: { max-steps: 2 }
            methods: { probe: { tune: head } }
            """, to: "sweep.yaml")
        #expect(try shop.run("run", "sweep.yaml", "--data", "data", "--store", "store").status == 0)
        let keys = try offered(["headstart", "lineage", "--store", "store", ""])
        #expect(keys.count == 1 && keys[0].count == 10, "\(keys)")
        #expect(try offered(["headstart", "results", "--store", "store", "--compare", ""]) == ["probe"])
        #expect(try offered(["headstart", "results", "--store", "store", "--sweep", "s"]) == ["small"])
    }

    private static let hasFish = FileManager.default.isExecutableFile(atPath: "/usr/bin/fish")

    /// What is looked up when the key is pressed, as methods are, it asks for only where a person types.
    @Test(.enabled(if: hasFish, "fish is not installed")) func `fish completes commands and options`() throws {
        func offered(_ line: String) throws -> [Substring] {
            let script = "headstart completions fish | source; complete --do-complete '\(line)'"
            return try shell("/usr/bin/fish", ["--no-config", "-c", script]).lines.compactMap {
                $0.split(separator: "\t").first
            }
        }
        #expect(try offered("headstart meth") == ["methods"])
        #expect(try offered("headstart completions z") == ["zsh"])
    }

    private static let hasZsh = FileManager.default.isExecutableFile(atPath: "/usr/bin/zsh")

    @Test(.enabled(if: hasZsh, "zsh is not installed")) func `zsh completes as bash does`() throws {
        // zsh completes only where a person types; zpty is one.
        let outcome = try shell(
            "/usr/bin/timeout",
            [
                "60", "/usr/bin/zsh", "-f", "-c",
                """
                zmodload zsh/zpty
                zpty shell 'zsh -f -i'
                zpty -w shell 'PS1=; autoload -Uz compinit; compinit -u -D; source <(headstart completions zsh); stty -echo; print rea""dy'
                zpty -r shell text '*ready*'
                zpty -w -n shell $'headstart methods show eh-ft-b\\t'
                zpty -r shell text '*eh-ft-bitfit*'
                print -r -- $text
                """,
            ])
        #expect(outcome.output.contains("eh-ft-bitfit"), "\(outcome.output)\(outcome.errors)")
    }

    // MARK: - The manual

    private static let hasMandoc = FileManager.default.isExecutableFile(atPath: "/usr/bin/mandoc")

    @Test func `every command has a page`() throws {
        let written = try shop.run("manual", "--out", "man")
        #expect(written.status == 0, "\(written.errors)")
        let pages = try FileManager.default.contentsOfDirectory(atPath: shop.path("man/man1"))
        #expect(Set(pages).isSuperset(of: ["headstart.1", "headstart-train.1", "headstart-data-check.1"]))
        let train = try String(contentsOfFile: shop.path("man/man1/headstart-train.1"), encoding: .utf8)
        #expect(train.contains(".SH SETTINGS\n") && train.contains("\\fB\\-\\-method\\fR \\fIname\\fR\n"))
    }

    @Test(.enabled(if: hasMandoc, "mandoc is not installed")) func `mandoc finds nothing wrong with the pages`() throws
    {
        #expect(try shop.run("manual", "--out", "man").status == 0)
        let lint = try bash("mandoc -T lint -W warning man/man1/*.1")
        #expect(lint.status == 0 && lint.output.isEmpty, "\(lint.output.prefix(2000))")
    }
}

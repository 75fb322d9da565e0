import Configuration
import Experiments
import Foundation
import TestKit
import Testing

/// The files in `configs/` are right.
struct ShippedConfigurationTests {
    static let configs = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("configs").path

    /// Paths of all sweep files, relative to the folder.
    static let sweeps: [String] = {
        let paths = FileManager.default.enumerator(atPath: configs)?.compactMap { $0 as? String } ?? []
        let catalogs = ["models.yaml", "tasks.yaml", "methods.yaml", "archives/tasks.yaml"]
        return paths.filter { $0.hasSuffix(".yaml") && !catalogs.contains($0) }.sorted()
    }()

    func read(_ sweep: String, in fixture: Fixture, set overrides: [String] = []) throws -> SweepRequest {
        // The demo tasks are described by a file that `headstart data demo` writes beside them.
        let demo = "train: a, dev: b, format: tsv, text: t, label: l, labels: [n, y], metrics: accuracy"
        try fixture.write("demo.yaml", "demo-single: { \(demo) }\ndemo-pair: { \(demo) }")
        let path = "\(Self.configs)/\(sweep)"
        let catalogs = try Catalogs.read(
            besides: path, taskFiles: [fixture.directory + "/demo.yaml"], program: nil,
            environment: ["HEADSTART_CONFIGS": Self.configs])
        let model = try Override("model=\(fixture.directory)/tiny-bert")
        return try SweepFile.read(path, catalogs: catalogs, overrides: [model] + overrides.map { try Override($0) })
    }

    @Test(arguments: [("ehft-small", 56, 40), ("quickstart", 16, 12), ("search-demo", 2, 2)])
    func `a shipped sweep has as many stages as it says`(name: String, stages: Int, rows: Int) throws {
        let fixture = try Fixture()
        let plan = try fixture.plan(read("\(name).yaml", in: fixture))
        #expect(plan.stages.count == stages)
        #expect(plan.rows.count == rows)
    }

    @Test func `the sweeps of the papers are found`() {
        let folders = Set(Self.sweeps.filter { $0.contains("/") }.compactMap { $0.split(separator: "/").first })
        #expect(folders == ["eh-ft", "optimal-subset", "what-to-freeze"])
    }

    @Test(arguments: sweeps) func `every shipped sweep can be planned, whole and scaled down`(sweep: String) throws {
        let fixture = try Fixture()
        let whole = try fixture.plan(read(sweep, in: fixture))
        #expect(!whole.stages.isEmpty)
        let small = try fixture.plan(read(sweep, in: fixture, set: ["seeds=7", "max-steps=3"]))
        #expect(Set(small.rows.map(\.seed)) == [7])
        #expect(small.stages.count <= whole.stages.count)
    }

    @Test(arguments: sweeps.filter { $0.contains("/") })
    func `every sweep of a paper says what to expect and what it costs`(sweep: String) throws {
        let text = try String(contentsOfFile: "\(Self.configs)/\(sweep)", encoding: .utf8)
        let comment = text.split(separator: "\n").prefix { $0.hasPrefix("#") }.joined(separator: "\n")
        for word in ["# Expected: ", "# Cost: "] { #expect(comment.contains(word)) }
        let lines = comment.split(separator: "\n").filter { $0.count > 120 }
        #expect(lines.isEmpty, "\(lines)")
    }

    @Test(arguments: sweeps.filter { $0.hasPrefix("eh-ft/") && $0.contains("as-coded") })
    func `a first stage hands on its last head where EH-FT's code is followed, and the row's stage its best`(
        sweep: String
    ) throws {
        let fixture = try Fixture()
        let plan = try fixture.plan(read(sweep, in: fixture))
        let last = Set(plan.rows.compactMap(\.stages.last))
        for stage in plan.stages where stage.specification.recipe.estimate == nil {
            let expected: Selection = last.contains(stage.key) ? .best : .last
            #expect(stage.specification.recipe.selection == expected, "\(stage.label)")
        }
    }

    @Test func `a prefix comes off the length of the text where EH-FT's code is followed`() throws {
        let fixture = try Fixture()
        let plan = try fixture.plan(read("eh-ft/table-1-as-coded.yaml", in: fixture))
        for row in plan.rows where ["prefix", "eh-ft-pt"].contains(row.method) {
            for stage in plan.stages where row.stages.contains(stage.key) {
                #expect(stage.specification.recipe.maxLength == 512 - 17, "\(stage.label)")
            }
        }
    }

    @Test func `a task of EH-FT is selected by the metric that its table reports`() throws {
        let fixture = try Fixture()
        let published = try PublishedResults.read(program: nil, environment: ["HEADSTART_CONFIGS": Self.configs])
        for table in published.tables where table.name.hasPrefix("ehft/") {
            for file in [table.name, table.name + "-as-coded"] {
                let name = file.replacing("ehft/", with: "eh-ft/table-")
                let plan = try fixture.plan(read("\(name).yaml", in: fixture))
                for counterpart in table.scores.compactMap(\.counterpart) {
                    let metrics = counterpart.tasks.compactMap {
                        plan.task(named: $0)?.definition.metrics.first?.rawValue
                    }
                    #expect(!metrics.isEmpty && metrics.allSatisfy { $0 == counterpart.metric }, "\(counterpart)")
                }
            }
        }
    }

    /// What the data at hand lack of the published ones, by task.
    private static let lacking = [
        "qnli": "QNLI trains on 9,999 of its 104,743 examples",
        "boolq": "BoolQ trains on 2,270 of its 3,270 validation examples and is scored on the other 1,000",
        "conll2003-de": "German CoNLL-2003 trains on testa",
        "wikitext2": "WikiText-2 is the first quarter of its training text",
    ]

    @Test(arguments: sweeps) func `every sweep says which of its data are not whole`(sweep: String) throws {
        let tasks = try read(sweep, in: Fixture()).datasets.map { $0.name.replacing("-as-coded", with: "") }
        let comment = try String(contentsOfFile: "\(Self.configs)/\(sweep)", encoding: .utf8)
            .split(separator: "\n").prefix { $0.hasPrefix("#") }.map { $0.dropFirst(2) }.joined(separator: " ")
        for (task, words) in Self.lacking {
            #expect(comment.contains(words) == tasks.contains(task), "\(sweep): \(task)")
        }
    }

    @Test(arguments: sweeps) func `every search says what it is on`(sweep: String) throws {
        let text = try String(contentsOfFile: "\(Self.configs)/\(sweep)", encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix("search: {") {
            #expect(line.contains("on: validation") || line.contains("on: dev"))
        }
        // None of the papers' sweeps chooses by what it reports.
        guard sweep.contains("/") else { return }
        let fixture = try Fixture()
        let plan = try fixture.plan(read(sweep, in: fixture))
        #expect(
            plan.searches.allSatisfy {
                $0.split == .validation && Set($0.seeds).isDisjoint(with: plan.rows.map(\.seed))
            })
    }

    @Test func `the archives' tasks are those of the catalog, in other files`() throws {
        let nothing = try TemporaryFolder()
        let tasks = try Catalogs.read(
            taskFiles: [Self.configs + "/archives/tasks.yaml"], program: nil,
            environment: ["HEADSTART_CONFIGS": nothing.path]
        ).tasks
        let others = try Catalogs.read(program: nil, environment: ["HEADSTART_CONFIGS": Self.configs]).tasks
        #expect(tasks.names.count == 15)
        for name in tasks.names where name != "rte-superglue" {
            let (task, other) = (try #require(tasks[name]), try #require(others[name]))
            #expect(task.kind == other.kind && task.metrics == other.metrics && task.compares == other.compares)
            #expect(task.labels?.count == other.labels?.count)
        }
    }

    @Test func `every method of a published table is in the sweep of that table`() throws {
        let fixture = try Fixture()
        let published = try PublishedResults.read(program: nil, environment: ["HEADSTART_CONFIGS": Self.configs])
        for table in published.tables {
            // Table 7 of the third paper is made by the sweep of its table 6.
            let file = table.name.replacing("optimal-subset/7", with: "optimal-subset/6")
                .replacing("ehft/", with: "eh-ft/").replacing("/III", with: "/3").replacing("/II", with: "/2")
                .replacing("/I", with: "/1").replacing("/", with: "/table-")
            let methods = try fixture.plan(read("\(file).yaml", in: fixture)).methods
            for score in table.scores {
                guard let counterpart = score.counterpart else { continue }
                let missing = counterpart.allMethods.filter { !methods.contains($0) }
                #expect(missing.isEmpty, "\(table.name), \(score.method) \(score.setting)")
            }
        }
    }
}

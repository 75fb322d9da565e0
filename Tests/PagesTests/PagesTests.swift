import Experiments
import Files
import Foundation
import Pages
import Testing

struct PagesTests {
    /// A store in which some of everything has happened.
    private func sample(methods: [String] = ["finetune", "bitfit", "eh-ft", "wild"]) throws -> SampleStore {
        let store = try SampleStore(methods: methods)
        try store.finish(store.stages(methods[0]), [0.8, 0.9, 0.85])
        try store.finish(store.stages(methods[1]), [0.7, 0.75, 0.8])
        try store.finish(store.stages("eh-ft/1") + [store.stages("eh-ft/2")[0]], [0.6, 0.6, 0.6, 0.95])
        try store.fail(store.stages("wild")[0], "step 2: the loss is nan; lower lr")
        try store.say("step 8  loss 1.0\n", at: store.stages("eh-ft/1")[0])
        return store
    }

    private func document(_ store: SampleStore, _ path: String, _ query: [String: String] = [:]) throws -> String {
        let page = try #require(try store.pages().page(at: path, query: query), "\(path)")
        return page.document()
    }

    private func paths(_ store: SampleStore) -> [String] {
        ["/", "/compare", "/search", "/cluster"] + store.plan.stages.map { "/stages/\($0.key.short)" }
    }

    @Test func `every page is whole, and fetches nothing`() throws {
        let store = try sample()
        for path in paths(store) {
            let document = try document(store, path)
            #expect(complaints(about: document).isEmpty, "\(path): \(complaints(about: document))")
            #expect(foreign(in: document).isEmpty, "\(path)")
            #expect(!document.contains("<script"), "\(path)")
        }
    }

    @Test func `a method's name is text on every page, whatever it is`() throws {
        let name = "<script>alert(1)</script>"
        let store = try sample(methods: [name, "\" onmouseover=\"x", "eh-ft", "wild"])
        for path in paths(store) {
            let document = try document(store, path)
            #expect(!document.contains("<script>alert"), "\(path)")
            #expect(!document.contains("\" onmouseover=\"x"), "\(path)")
        }
        #expect(try document(store, "/").contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    }

    @Test func `what is not there has no page`() throws {
        let pages = try sample().pages()
        for path in ["/nothing", "/stages", "/stages/zz", "/stages/1/2", "/../ledger.sqlite"] {
            #expect(try pages.page(at: path, query: [:]) == nil, "\(path)")
        }
        #expect(try pages.page(at: "/", query: ["sweep": "another"]) == nil)
    }

    @Test func `a sweep's page shows scores by seed, what failed and what to do`() throws {
        let store = try sample()
        let page = try document(store, "/")
        let key = store.stages("finetune")[1].key.short
        #expect(page.contains("href=\"/stages/\(key)\" title=\"finetune, seed 2: 90.00\">90.00</a>"))
        #expect(page.contains("85.00 ± 5.00"), "the table")
        #expect(page.contains("step 2: the loss is nan; lower lr"))
        #expect(page.contains("headstart retry --key \(store.stages("wild")[0].key.short)"))
        let failures = try #require(page.firstRange(of: "Failures and setbacks"))
        let results = try #require(page.firstRange(of: ">Results<"))
        #expect(failures.lowerBound < results.lowerBound, "what failed comes first")
    }

    @Test func `a stage's page draws its edges and curves, and has its attempts and log`() throws {
        let store = try sample()
        let first = store.stages("eh-ft/1")[0].key
        let page = try document(store, "/stages/\(store.stages("eh-ft/2")[0].key)")
        #expect(page.contains("its head is from eh-ft/1; 0 stages start from it"))
        #expect(page.contains("<a href=\"/stages/\(first.short)\"><g class=\"node\">"))
        #expect(page.contains("training loss") && page.contains("<polyline class=\"curve k0\""))
        #expect(page.contains("<td>\(SampleStore.host)</td>"))
        let before = try document(store, "/stages/\(first.short)")
        #expect(before.contains("step 8  loss 1.0"))
        #expect(before.contains("1 stage starts from it"))
        #expect(before.contains(">lr</th>"), "its rate is not what most stages have")
    }

    @Test func `a stage that waits says for what`() throws {
        let store = try sample()
        let ready = try document(store, "/stages/\(store.stages("wild")[1].key.short)")
        #expect(ready.contains("it is ready; all workers are at other stages"), "the test has the store open")
        let follower = try SampleStore()
        let source = follower.stages("eh-ft/1")[0].key.short
        let page = try document(follower, "/stages/\(follower.stages("eh-ft/2")[0].key.short)")
        #expect(page.contains("it starts from <a href=\"/stages/\(source)\">eh-ft/1</a>, which has not finished"))
    }

    @Test func `a comparison says its verdict once, and what it compares seed by seed`() throws {
        let page = try document(try sample(), "/compare")
        #expect(page.matches(of: #/3 pairs can never go below/#).count == 1)
        #expect(page.contains("finetune less bitfit is"))
        #expect(page.contains("<b>+10.00</b> percentage points on average (too few pairs for an interval; p = 0.25)"))
        #expect(page.matches(of: #/<polyline class="pair"/#).count == 3, "a line a seed")
    }

    @Test func `a method without scores is left out of a comparison, and does not end it`() throws {
        let page = try document(try sample(), "/compare", ["methods": "finetune,bitfit,wild,nobody"])
        #expect(page.contains("No score yet, and so left out: wild. The sweep has no method nobody."))
        #expect(page.contains("finetune less bitfit is"))
        let alone = try document(try sample(), "/compare", ["methods": "finetune,wild"])
        #expect(alone.contains("It takes two methods that have scores"))
    }

    @Test func `a search shows every point, and the chosen one on top`() throws {
        let store = try SampleStore(methods: ["low", "high", "tuned"], seeds: [1, 2]) { stages in
            let keys = { (label: String) in stages.filter { $0.label == label }.map(\.key) }
            let points = ["1e-5", "5e-4"].map { SearchPoint([SearchedSetting(key: "lr", value: $0)]) }
            return [
                SweepSearch(
                    task: "cb", method: "tuned", asked: Digest(of: [7]), seeds: [1, 2], split: .dev,
                    trials: zip(points, ["low", "high"]).map { .init(point: $0, stages: keys($1), score: nil) },
                    state: .chosen(point: points[1]), remarks: ["the best lr, 1e-4, is the largest of the grid"])
            ]
        }
        try store.finish(store.stages("low") + store.stages("high"), [0.5, 0.6, 0.8, 0.9])
        let page = try document(store, "/search")
        #expect(complaints(about: page).isEmpty)
        #expect(page.contains("Chosen: lr 5e-4, the best of 2 points."))
        #expect(page.contains("the best lr, 1e-4, is the largest of the grid"))
        #expect(page.matches(of: #/class="dot small k0"/#).count == 4, "a dot a seed")
        let line = try #require(page.firstRange(of: "<polyline class=\"curve k0\""))
        let ring = try #require(page.firstRange(of: "<circle class=\"ring\""))
        #expect(line.lowerBound < ring.lowerBound)
        #expect(page.contains("<span class=\"figures\">85.00</span></td><td>chosen</td>"))
    }

    @Test func `the cluster's page shows what hosts did and what came to nothing`() throws {
        let page = try document(try sample(), "/cluster")
        #expect(page.contains("<th scope=\"row\">\(SampleStore.host)</th>"))
        #expect(page.contains("diverged: step 2"))
        #expect(page.matches(of: #/<rect class="bar f"/#).count > 0 && page.contains("<rect class=\"bar x\""))
    }

    @Test func `what comes later is shown, and has another version`() throws {
        let store = try sample()
        let pages = try store.pages()
        let (version, before) = (try pages.version(), try pages.page(at: "/", query: [:])?.main)
        #expect(try pages.version() == version)
        try store.finish([store.stages("eh-ft/2")[1]], [0.4321])
        #expect(try pages.version() != version)
        let after = try #require(try pages.page(at: "/", query: [:])).main
        #expect(after != before && after.markup.contains("43.21"))
    }

    @Test(.timeLimit(.minutes(2))) func `ten thousand stages are a page of less than a megabyte`() throws {
        let store = try SampleStore(methods: (1...100).map { "method-\($0)" }, seeds: Array(1...100))
        try store.finish(store.plan.stages, store.plan.stages.indices.map { Double($0 % 97) / 97 })
        let pages = try store.pages()
        _ = try pages.page(at: "/", query: [:])
        let clock = ContinuousClock()
        var size = 0
        let took = try clock.measure { size = try #require(try pages.page(at: "/", query: [:])).document().utf8.count }
        #expect(size > 500_000 && size < 900_000, "\(size) bytes")
        #expect(took < .seconds(10), "\(took)")
    }
}

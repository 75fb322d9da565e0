import Configuration
import Experiments
import Files
import Testing

/// What a stage takes from a file instead of from another stage.
struct GivenArtifactTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func methods(_ from: String, head: String = "linear") -> String {
        "{ a: { tune: \"lora(r=4)\", head: \(head), from: \(from) } }"
    }

    /// - Parameter bytes: of each artifact, by its path.
    private func plan(_ request: SweepRequest, _ bytes: [String: UInt8]) throws -> SweepPlan {
        let tasks = request.datasets.map {
            PlannedTask(definition: $0, content: Digest(of: Array($0.name.utf8)), trainCount: 100)
        }
        let given = GivenArtifacts(
            request.given.map { artifact in
                let id = ArtifactID(rawValue: Digest(of: [bytes[artifact.path] ?? 0]))
                return (artifact, ArtifactReference(id: id, kind: artifact.kind, byteCount: 1), artifact.path)
            })
        let model = ModelLocation(name: "tiny", path: "/model", content: Digest(of: [1]))
        return try PreparedSweep(request, model: model, dataDirectory: "/data", tasks: tasks, given: given).plan()
    }

    @Test func `what is given is in the key by its bytes, not by its path`() throws {
        let here = try fixture.read(sweep(tasks: "rte", methods: methods("{ adapter: runs/a }")))
        let there = try fixture.read(sweep(tasks: "rte", methods: methods("{ adapter: /mnt/b }")))
        let keys = { (request: SweepRequest, bytes: [String: UInt8]) in
            try plan(request, bytes).stages.map(\.key)
        }
        #expect(try keys(here, ["runs/a": 7]) == keys(there, ["/mnt/b": 7]))
        #expect(try keys(here, ["runs/a": 7]) != keys(here, ["runs/a": 8]))
        let stage = try #require(try plan(here, ["runs/a": 7]).stages.first)
        #expect(stage.specification.given.map(\.kind) == [.adapter] && stage.specification.inputs.isEmpty)
        #expect(stage.specification.leaves == [.adapter])
        #expect(try stage.specification.key() == stage.key)
    }

    @Test func `a backbone and an adapter that are given are left again`() throws {
        let request = try fixture.read(
            sweep(
                tasks: "rte", methods: "{ a: { tune: bitfit, from: { backbone: ./b, adapter: ./a, head: ./a } } }"))
        let stage = try #require(try plan(request, [:]).stages.first)
        #expect(stage.specification.leaves == [.backbone, .adapter])
        #expect(stage.specification.given.map(\.kind) == [.adapter, .backbone, .head])
    }

    @Test func `each file is read once for each head and task`() throws {
        let request = try fixture.read(
            sweep(
                methods: """
                    { a: { tune: all, from: { head: ./x } }, b: { tune: bitfit, from: { head: ./x } },
                      c: { tune: all, head: mlp(4), from: { head: ./x } } }
                    """))
        #expect(
            request.given.map { "\($0.task) \($0.head)" } == ["cb linear", "cb mlp(4)", "rte linear", "rte mlp(4)"])
    }

    @Test func `stages that are given nothing keep their keys`() throws {
        let request = try fixture.read(sweep())
        #expect(request.given.isEmpty)
        for stage in try fixture.plan(request).stages {
            #expect(!String(decoding: try CanonicalJSON.encode(stage.specification), as: UTF8.self).contains("given"))
        }
    }

    @Test func `the one stage of a command may be given files`() throws {
        let request = try SweepRequest.single(
            model: "tiny", task: "rte", method: .tuning("head", from: "adapter: runs/a, head: runs/b"), seed: 1,
            keep: .all, catalogs: try fixture.catalogs(), overrides: [])
        #expect(request.given.map(\.path) == ["runs/a", "runs/b"])
        let complaint = fixture.told {
            _ = try SweepRequest.single(
                model: "tiny", task: "rte", method: .tuning("head", from: "adaptor: runs/a"), seed: 1, keep: .all,
                catalogs: try fixture.catalogs(), overrides: [])
        }
        #expect(complaint.hasPrefix("--from adaptor: runs/a: ") && complaint.contains("did you mean 'adapter'?"))
    }

    @Test func `a sweep whose files were not read is not planned`() throws {
        let request = try fixture.read(sweep(tasks: "rte", methods: methods("{ adapter: runs/a }")))
        #expect(
            fixture.told { _ = try fixture.plan(request) }
                == "'runs/a' was not read for head 'linear', so the sweep cannot be planned")
    }
}

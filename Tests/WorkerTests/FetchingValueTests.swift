import Experiments
import Files
import Messages
import Testing
import Worker

/// What a dialogue does before a stage can be trained.
struct FetchingValueTests {
    private var dialogue = Dialogue(
        settings: WorkerSettings(coordinator: .inproc(name: "test"), workDirectory: "", node: node))
    private let assignment: Assignment

    init() throws {
        assignment = try WorkerTests.assignment()
        _ = dialogue.handle(.message(.welcome(heartbeatMilliseconds: 5_000), bytes: []), at: .zero)
        _ = dialogue.handle(.message(.assign(assignment), bytes: []), at: .zero)
    }

    private var model: Digest { assignment.model.content }
    private var data: Digest { assignment.planned.specification.task }

    @Test mutating func `what no directory has is listed, resumed, and then trained with`() throws {
        let listing = try InputFiles.manifest(InputFiles.model)
        var effects = dialogue.handle(.found(model, .absent(reason: "not there")), at: .zero)
        #expect(effects.said == [.list(content: model)])
        effects = dialogue.handle(.message(.manifest(content: model, files: listing), bytes: []), at: .zero)
        effects += dialogue.handle(.found(data, .here(.empty)), at: .zero)
        var fetched: [ArtifactID] = []
        while let file = effects.resumed {
            fetched.append(file)
            effects = dialogue.handle(.stands(file, .complete), at: .zero)
        }
        #expect(fetched == listing.files.map(\.id))
        #expect(effects.contains { if case .train = $0 { true } else { false } })
    }

    @Test mutating func `a file that another group fetches is waited for, and not asked for`() throws {
        let listing = try InputFiles.manifest(InputFiles.model)
        _ = dialogue.handle(.found(model, .absent(reason: "not there")), at: .zero)
        _ = dialogue.handle(.message(.manifest(content: model, files: listing), bytes: []), at: .zero)
        let file = try #require(dialogue.handle(.found(data, .here(.empty)), at: .zero).resumed)
        var effects = dialogue.handle(.stands(file, .elsewhere), at: .zero)
        #expect(effects.said.isEmpty && effects.resumed == nil)
        effects = dialogue.handle(.tick, at: .milliseconds(900))
        #expect(effects.resumed == nil)
        effects = dialogue.handle(.tick, at: .seconds(1))
        #expect(effects.resumed == file && effects.said.isEmpty)
        effects = dialogue.handle(.stands(file, .partial(upTo: 7)), at: .seconds(1))
        #expect(effects.said == [.fetch(artifact: file, offset: 7)])
    }
}

extension [DialogueEffect] {
    fileprivate var resumed: ArtifactID? {
        lazy.compactMap { if case .resume(let file) = $0 { file.id } else { nil } }.first
    }
}

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

    // MARK: Files that are listed and not given

    /// Leads to the first file of the model, which the coordinator is asked for.
    private mutating func askForFile() throws -> ArtifactID {
        let listing = try InputFiles.manifest(InputFiles.model)
        _ = dialogue.handle(.found(model, .absent(reason: "not there")), at: .zero)
        return try askAgain(listing, [.found(data, .here(.empty))])
    }

    private mutating func askAgain(_ listing: FileManifest, _ events: [DialogueEvent] = []) throws -> ArtifactID {
        var effects = dialogue.handle(.message(.manifest(content: model, files: listing), bytes: []), at: .zero)
        for event in events { effects = dialogue.handle(event, at: .zero) }
        let file = try #require(effects.resumed)
        effects = dialogue.handle(.stands(file, .partial(upTo: 0)), at: .zero)
        #expect(effects.said == [.fetch(artifact: file, offset: 0)])
        return file
    }

    @Test mutating func `a file that is listed and not given has the list asked for again, which says why`() throws {
        let file = try askForFile()
        let effects = dialogue.handle(.message(.missing(artifact: file), bytes: []), at: .zero)
        #expect(effects.said.contains(.list(content: model)) && effects.said.log.contains("does not give file \(file)"))
        // The question was put twice, and so was the answer.
        #expect(dialogue.handle(.message(.missing(artifact: file), bytes: []), at: .zero).said.isEmpty)
        _ = dialogue.handle(renewed, at: .zero)
        let answer = ToWorker.unlisted(content: model, reason: "model 'm' is not the one there")
        let failure = try #require(failures(dialogue.handle(.message(answer, bytes: []), at: .zero).said).first)
        #expect(failure.cause == .node)
        #expect(failure.message.contains("model 'm' is not the one there; name a directory that has it with --model"))
    }

    @Test mutating func `a file that is listed and not given again and again is one sentence in the end`() throws {
        let listing = try InputFiles.manifest(InputFiles.model)
        var file = try askForFile()
        var said: [FromWorker.Body] = []
        for time in 1...3 {
            said = dialogue.handle(.message(.missing(artifact: file), bytes: []), at: .zero).said
            // News wait until the last are known to have come.
            said += dialogue.handle(renewed, at: .zero).said
            if time < 3 { file = try askAgain(listing) }
        }
        let failure = try #require(failures(said).first)
        let sentence = "listed file \(file) of model 'm' 3 times, and not given it; name a directory"
        #expect(failure.message.contains(sentence))
    }

    private var renewed: DialogueEvent { .message(.renewed(claim: assignment.claim), bytes: []) }

    private func failures(_ said: [FromWorker.Body]) -> [StageFailure] {
        said.compactMap { if case .failed(_, let failure) = $0 { failure } else { nil } }
    }

    @Test mutating func `what was fetched for an attempt that is stopped is told before it is left`() throws {
        let file = try askForFile()
        let chunk = ToWorker.chunk(artifact: file, offset: 0, byteCount: 7)
        _ = dialogue.handle(.message(chunk, bytes: [UInt8](repeating: 0, count: 7)), at: .zero)
        let stop = ToWorker.stop(claim: assignment.claim, reason: "the lease has run out")
        let said = dialogue.handle(.message(stop, bytes: []), at: .zero).said
        #expect(said.log.contains("fetched 7 bytes from the coordinator") && said.contains(.ready))
    }

    @Test mutating func `what was fetched is told before the worker leaves`() throws {
        let file = try askForFile()
        let chunk = ToWorker.chunk(artifact: file, offset: 0, byteCount: 7)
        _ = dialogue.handle(.message(chunk, bytes: [UInt8](repeating: 0, count: 7)), at: .zero)
        let said = dialogue.handle(.leave, at: .zero).said
        #expect(said.log.contains("fetched 7 bytes from the coordinator") && said.last == .goodbye)
    }

    @Test mutating func `a disk that is full is told as that`() throws {
        let file = try askForFile()
        let chunk = ToWorker.chunk(artifact: file, offset: 0, byteCount: 7)
        _ = dialogue.handle(.message(chunk, bytes: [UInt8](repeating: 0, count: 7)), at: .zero)
        let refusal = StageFailure(.diskFull, "the disk is full")
        let said = dialogue.handle(.diskFailed(refusal), at: .zero).said
        #expect(failures(said) == [refusal] && said.log.contains("fetched 7 bytes"))
    }
}

extension [FromWorker.Body] {
    /// All lines that are told.
    fileprivate var log: String {
        compactMap { if case .log(_, _, let text) = $0 { text } else { nil } }.joined()
    }
}

extension [DialogueEffect] {
    fileprivate var resumed: ArtifactID? {
        lazy.compactMap { if case .resume(let file) = $0 { file.id } else { nil } }.first
    }
}

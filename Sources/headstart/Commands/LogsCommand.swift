import ArgumentParser
import Experiments
import Files
import Foundation
import Ledger

struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Shows what was said while a stage was trained.",
        discussion: """
            EXAMPLE
              headstart logs 3f1c --store results
              headstart logs 3f1c --store results --follow
            """)

    @Argument(help: "The key of the stage; its first digits will do.", completion: .stages)
    var key: String

    @OptionGroup var store: StoreOptions

    @Option(name: .long, help: "The number of the attempt; the last one otherwise.")
    var attempt: Int?

    @Flag(name: .long, help: "Go on until the attempt is over.")
    var follow = false

    func run() throws {
        let ledger = try LedgerReader(store: store.store)
        let stage = try ledger.stage(beginning: key)
        let attempt = attempt ?? stage.attempts
        guard (1...max(1, stage.attempts)).contains(attempt), stage.attempts > 0 else {
            throw BadRequest("stage \(stage.key.short) has had \(counted(stage.attempts, "attempt"))")
        }
        let path = StageLogs(store: store.store).path(of: stage.key, Attempt(rawValue: attempt))
        var offset = 0
        while true {
            // What is said between this look and the next is read then.
            let isOver = try !follow || isOver(attempt, of: stage.key, ledger)
            offset += try show(path, from: offset)
            if isOver || !Screen.isRead { return }
            usleep(300_000)
        }
    }

    private func isOver(_ attempt: Int, of stage: StageKey, _ ledger: LedgerReader) throws -> Bool {
        guard let stage = try ledger.stage(stage) else { return true }
        return stage.state != .running || stage.attempts > attempt
    }

    /// - Returns: how many bytes there were.
    private func show(_ path: String, from offset: Int) throws -> Int {
        guard Disk.byteCount(of: path) != nil else { return 0 }
        let bytes = try Disk.read(path, offset: offset)
        // Zeros stand for what was lost on the way.
        let said = bytes.filter { $0 != 0 }
        if !said.isEmpty { try Screen.draw(String(decoding: said, as: UTF8.self)) }
        return bytes.count
    }
}

extension LedgerReader {
    /// The one stage whose key begins with these digits.
    func stage(beginning digits: String) throws -> StageRecord {
        let stages = try stages(keyPrefix: digits.lowercased())
        guard let stage = stages.first else { throw BadRequest("\(store): no stage's key begins with \(digits)") }
        guard stages.count == 1 else {
            throw BadRequest("\(digits): \(stages.count) stages begin so; give more digits")
        }
        return stage
    }
}

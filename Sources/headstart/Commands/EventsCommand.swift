import ArgumentParser
import Experiments
import Files
import Foundation
import Ledger

struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Writes what has happened on a store, a line of JSON each.",
        discussion: """
            Every line has a number; --since goes on behind one that was read before. Read from the first line on, the \
            events lead to where the stages stand.

            EXAMPLE
              headstart events --store results --since 1200
              headstart events --store results --since 2026-03-01T18:00:00Z
            """)

    @OptionGroup var store: StoreOptions

    @Option(
        name: .long,
        help: ArgumentHelp("After the event of this number, or from this time on.", valueName: "number|time"),
        transform: Start.init)
    var since = Start.event(0)

    @Flag(name: .long, help: "Go on with what happens.")
    var follow = false

    enum Start {
        case event(Int64)
        case time(Timestamp)

        init(_ text: String) throws {
            if let number = Int64(text) {
                self = .event(number)
            } else if let date = ISO8601DateFormatter().date(from: text) {
                self = .time(Timestamp(date))
            } else {
                throw ValidationError("'\(text)' is neither an event's number nor a time like 2026-03-01T18:00:00Z")
            }
        }
    }

    func run() throws {
        let ledger = try LedgerReader(store: store.store)
        var (last, from): (Int64, Timestamp?) = (0, nil)
        switch since {
        case .event(let number): last = number
        case .time(let time): from = time
        }
        repeat {
            last = try ledger.readJournal(after: last) { entry in
                if let from, entry.at < from { return }
                try Screen.json(entry)
            }
            if follow { usleep(300_000) }
        } while follow && Screen.isRead
    }
}

import ArgumentParser
import Files
import Foundation
import Ledger
import Pages

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract:
            "Writes a sweep as one document to hand on: tables, comparisons, recipes, cost, and where each number comes from.",
        discussion: """
            The file is whole by itself: a browser needs nothing else to show it. In it are reproduce.yaml, the sweep as it \
            was run, and tasks.yaml, how its data are read.

            EXAMPLE
              headstart report --store results --out report.html
              headstart report --store results --out report.pdf --format pdf --anonymous
            """)

    @OptionGroup var sweep: StoredSweepOptions

    @Option(name: .long, help: ArgumentHelp("The file to write.", valueName: "file"))
    var out: String

    enum Format: String, ExpressibleByArgument, CaseIterable { case html, pdf }

    @Option(name: .long, help: "What the report is: html, or pdf, which Chromium prints.")
    var format = Format.html

    @Flag(name: .long, help: "Leave out hosts, users and paths.")
    var anonymous = false

    func run() throws {
        try OutputFile.check(out, besides: "\(sweep.store.store)/ledger.sqlite")
        // Says what is wrong with the name of a sweep.
        _ = try LedgerReader(store: sweep.store.store).sweep(named: sweep.sweep)
        let report = try SweepReport(
            store: URL(fileURLWithPath: sweep.store.store), sweep: sweep.sweep, isAnonymous: anonymous)
        guard let report else { throw BadRequest("\(sweep.store.store): no such sweep here") }
        switch format {
        case .html: try AtomicFile.write(Data(report.document().utf8), to: out)
        case .pdf: try Chromium().print(report.document(isPrinted: true), to: out)
        }
        try Screen.line("The report is in \(out).")
    }
}

import ArgumentParser
import Experiments
import Files
import Foundation
import Reports

struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Writes manual pages, one for each command.",
        discussion: """
            EXAMPLE
              headstart manual --out ~/.local/share/man
              man headstart-train
            """)

    @Option(
        name: .long,
        help: ArgumentHelp("A folder of MANPATH; the pages go to its man1.", valueName: "directory"),
        completion: .directory)
    var out: String

    func run() throws {
        let help = try JSONDecoder().decode(CommandHelp.Tool.self, from: Data(Headstart._dumpHelp().utf8))
        let pages = ManualPage.pages(of: help.command, version: programVersion, on: .now)
        let folder = "\(out)/man1"
        try Directory.make(folder)
        for page in pages { try AtomicFile.write(Data(page.text.utf8), to: "\(folder)/\(page.name).1") }
        try Screen.line("Wrote \(counted(pages.count, "page")) to \(folder).")
    }
}

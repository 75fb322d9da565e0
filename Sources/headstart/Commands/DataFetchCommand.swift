import ArgumentParser
import Configuration
import Downloads
import Experiments
import Files
import Foundation

struct DataFetchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Brings tasks of GLUE and SuperGLUE here, from their archives.",
        discussion: """
            The files of a task are taken out of the archive that its entry in configs/archives/tasks.yaml, or in a file \
            given with --task-file, names as `archive`. The data folder's tasks.yaml then describes the task, so that \
            `headstart run SWEEP --data FOLDER` finds it. What was fetched is written to archives.json beside it: an \
            archive that is another one later, and files that were changed, are refused.

            EXAMPLE
              headstart data fetch rte cb cola --data data
            """)

    @Argument(
        help: "The tasks, as rte, cola, sst2, stsb, qnli, boolq, cb, copa, wic.", completion: .archivedTasks)
    var tasks: [String]

    @Option(name: .long, help: ArgumentHelp("Where they go; made where it is missing.", valueName: "directory"))
    var data: String

    @Option(
        name: .long,
        help: ArgumentHelp("A file of tasks of your own whose entries name archives.", valueName: "file"))
    var taskFile: [String] = []

    func run() throws {
        let catalog = try Catalogs.archivedTasks(taskFiles: taskFile)
        let fetches = try tasks.map { ($0, try fetch(of: $0, catalog)) }
        try FetchDisplay.watching { display in
            for (name, fetch) in fetches {
                let result = try fetch.perform(display)
                try describe(name, catalog)
                let what = result == .fetched ? "was fetched to" : "is as it was fetched in"
                try Screen.line("\(name) \(what) \(data).")
            }
        }
    }

    private func fetch(of name: String, _ catalog: TaskCatalog) throws -> ArchiveFetch {
        let task = try catalog.definition(named: name)
        guard let archive = try catalog.archive(of: name) else {
            throw BadRequest("task '\(name)' is in no archive that its entry names; get its files from its publishers")
        }
        let files = [task.train, task.dev, task.validation, task.test].compactMap(\.self).flatMap(\.paths).distinct()
        return try ArchiveFetch(archive, files: files, to: data)
    }

    /// Adds the task's entry to the data folder's tasks.yaml, where that has none of the name.
    private func describe(_ name: String, _ catalog: TaskCatalog) throws {
        let path = "\(data)/tasks.yaml"
        var known = TaskCatalog()
        if Disk.isPlainFile(path) { try known.add(file: path) }
        if known.names.contains(name) {
            guard known[name] == catalog[name] else {
                return Screen.note("\(path) has another task '\(name)', which stays; name it otherwise to use both")
            }
            return
        }
        guard let entry = catalog.text(of: name) else { return }
        let before = Disk.isPlainFile(path) ? String(decoding: try Disk.readToEnd(path), as: UTF8.self) : ""
        let gap = before.isEmpty || before.hasSuffix("\n") ? "" : "\n"
        try AtomicFile.write(Data("\(before)\(gap)\(entry)\n".utf8), to: path)
    }
}

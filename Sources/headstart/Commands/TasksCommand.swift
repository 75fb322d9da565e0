import ArgumentParser
import Configuration
import Experiments
import Files
import Reports
import Tasks

struct TasksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks",
        abstract: "Lists the tasks that are known by name: kind, classes, metrics, and how many examples they have.",
        discussion: """
            Examples are counted where --data or $HEADSTART_DATA says where the files are. `headstart data check` looks at one \
            task closely.

            EXAMPLE
              headstart tasks --data data
            """)

    @OptionGroup var data: DataOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let directory = try data.given == nil ? nil : data.directory()
        let catalog = try Catalogs.read(taskFiles: data.taskFile, dataDirectory: directory).tasks
        let listing = TaskListing(catalog.names.map { entry($0, catalog, directory) })
        if output.json { return try Screen.json(listing) }
        try Screen.line(listing.text(width: Screen.width))
    }

    private func entry(_ name: String, _ catalog: TaskCatalog, _ directory: String?) -> TaskListing.Entry {
        let definition: TaskDefinition
        do {
            definition = try catalog.definition(named: name)
        } catch {
            return TaskListing.Entry(name, nil, problem: "\(error)")
        }
        guard let directory, definition.isHere(in: directory) else { return TaskListing.Entry(name, definition) }
        do {
            let dataset = try Dataset.load(definition, in: directory)
            return TaskListing.Entry(name, definition, sizes: (dataset.train.count, dataset.dev.count))
        } catch {
            return TaskListing.Entry(name, definition, problem: "\(error)")
        }
    }
}

extension TaskDefinition {
    /// Whether anything of the task's training files lies in the folder. Forms of several files, as WiC's, name none of
    /// them whole.
    fileprivate func isHere(in directory: String) -> Bool {
        train.paths.contains { path in
            let whole = Path.isAbsolute(path) ? path : "\(directory)/\(path)"
            return !Disk.files(matching: whole).isEmpty || !Disk.files(matching: "\(whole)*").isEmpty
        }
    }
}

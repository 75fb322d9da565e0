package import Experiments
import Files
import Foundation

/// What sweep files refer to by name.
package struct Catalogs: Sendable {
    package var models: ModelCatalog
    package var tasks: TaskCatalog
    package var methods: MethodCatalog
    /// What `precision: auto` stands for: what products are fastest in where the sweep is planned.
    package var automaticPrecision: Precision = .fp32
}

extension Catalogs {
    /// Reads `models.yaml`, `tasks.yaml` and `methods.yaml` wherever they are found; of a name that several files have,
    /// the first one's meaning holds. The places, in this order:
    ///
    /// 1. for tasks, the files named on the command line;
    /// 2. the sweep file's own directory;
    /// 3. for tasks, the data directory;
    /// 4. `$HEADSTART_CONFIGS`; where that is not set, `./configs` and the `configs` folder above the program.
    package static func read(
        besides sweepFile: String? = nil, taskFiles: [String] = [], dataDirectory: String? = nil,
        program: String? = Bundle.main.executablePath,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) -> Catalogs {
        var catalogs = Catalogs(
            models: ModelCatalog(environment: environment), tasks: TaskCatalog(), methods: MethodCatalog())
        let beside = sweepFile.map { [Path.folder(of: $0)] } ?? []
        let general = generalDirectories(program: program, environment: environment)
        for file in existing("models.yaml", in: beside + general) { try catalogs.models.add(file: file) }
        for file in existing("methods.yaml", in: beside + general) { try catalogs.methods.add(file: file) }
        let data = dataDirectory.map { [$0] } ?? []
        for file in taskFiles + existing("tasks.yaml", in: beside + data + general) {
            try catalogs.tasks.add(file: file, dataDirectory: dataDirectory)
        }
        return catalogs
    }

    /// The tasks whose entries name the archive that has their files: those of the files named on the command line, then
    /// those of `archives/tasks.yaml` in the general places.
    package static func archivedTasks(
        taskFiles: [String], program: String? = Bundle.main.executablePath,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) -> TaskCatalog {
        var tasks = TaskCatalog()
        let general = generalDirectories(program: program, environment: environment)
        for file in taskFiles + existing("archives/tasks.yaml", in: general) { try tasks.add(file: file) }
        return tasks
    }

    static func generalDirectories(program: String?, environment: [String: String]) -> [String] {
        if let given = environment["HEADSTART_CONFIGS"], !given.isEmpty { return [given] }
        var directories = ["configs"]
        var folder = program.map { Path.folder(of: Path.resolved($0)) } ?? "/"
        while folder != "/" {
            directories.append("\(folder)/configs")
            folder = Path.folder(of: folder)
        }
        return directories
    }

    /// The plain files of this name that there are, each once: nobody has named a pipe that may lie there.
    private static func existing(_ name: String, in directories: [String]) -> [String] {
        var seen: Set<String> = []
        return directories.map { $0 == "." ? name : "\($0)/\(name)" }.filter { path in
            Disk.isPlainFile(path) && seen.insert(Path.resolved(path)).inserted
        }
    }
}

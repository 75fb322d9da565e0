package import Experiments
package import Files

/// Two small tasks from a grammar of its own, for machines without datasets.
package enum DemoTasks {
    package static let definitions: [TaskDefinition] = []

    /// Writes the tasks' files and a `tasks.yaml` that describes them; equal bytes on every machine.
    package static func write(to directory: String) throws(FileError) {}
}

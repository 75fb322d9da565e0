import Experiments
import Files
import Foundation
import Tasks
import TestKit
import Testing

struct DemoTaskTests {
    @Test func `every machine writes the same bytes`() throws {
        let folder = try TemporaryFolder()
        try DemoTasks.write(to: folder.path)
        let digests = try ["demo-single/train.tsv", "demo-single/dev.tsv", "demo-pair/train.tsv", "demo-pair/dev.tsv"]
            .map { try MappedFile(path: "\(folder.path)/\($0)").digest().short }
        #expect(digests == ["de45f40ab2", "797b3d218f", "5b29bf8a64", "c4b2b8b811"])
    }

    @Test func `what others wrote stays, and nothing is written beside it`() throws {
        let folder = try TemporaryFolder()
        try folder.write("mine: {}\n", to: "tasks.yaml")
        #expect(throws: FileError.self) { try DemoTasks.write(to: folder.path) }
        #expect(try String(contentsOfFile: folder["tasks.yaml"], encoding: .utf8) == "mine: {}\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["tasks.yaml"])
        try FileManager.default.removeItem(atPath: folder["tasks.yaml"])
        try DemoTasks.write(to: folder.path)
        try DemoTasks.write(to: folder.path)
    }

    @Test(arguments: DemoTasks.definitions)
    func `a demo task is balanced and its dev rows are new`(definition: TaskDefinition) throws {
        let folder = try TemporaryFolder()
        try DemoTasks.write(to: folder.path)
        let dataset = try Dataset.load(definition, in: folder.path)
        #expect(dataset.train.count == 1000)
        #expect(dataset.dev.count == 300)
        let positives = dataset.train.count { $0.labels == [.category(1)] }
        // Three standard deviations of a fair coin thrown a thousand times are 47.
        #expect(abs(positives - 500) < 48)
        let known = dataset.train.map(\.content)
        #expect(!dataset.dev.contains { known.contains($0.content) })
    }

    @Test func `tasks.yaml describes both tasks`() throws {
        let folder = try TemporaryFolder()
        try DemoTasks.write(to: folder.path)
        let yaml = try String(contentsOf: URL(filePath: "\(folder.path)/tasks.yaml"), encoding: .utf8)
        #expect(
            yaml == """
                # The tasks of `headstart data demo`.

                demo-single:
                  train: demo-single/train.tsv
                  dev: demo-single/dev.tsv
                  format: tsv
                  text: sentence
                  label: label
                  labels: ["negative", "positive"]
                  metrics: [accuracy]

                demo-pair:
                  train: demo-pair/train.tsv
                  dev: demo-pair/dev.tsv
                  format: tsv
                  text: premise
                  pair: hypothesis
                  label: label
                  labels: ["no", "yes"]
                  metrics: [accuracy, f1]

                """)
    }
}

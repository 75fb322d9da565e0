import Experiments
import Files
import Foundation
import Tasks
import TestKit
import Testing

/// The file of a task that nothing is selected on.
struct TestSplitTests {
    private func task(test: DataFiles?) -> TaskDefinition {
        TaskDefinition(
            name: "t", train: "train", dev: "dev", test: test, format: .tsv, text: .name("text"), label: .name("label"),
            labels: ["no", "yes"], metrics: [.accuracy])
    }

    private func folder() throws -> TemporaryFolder {
        let text = "text\tlabel\na\tno\nb\tyes\n"
        return try TemporaryFolder([
            "train": Array(text.utf8), "dev": Array(text.utf8), "test": Array("text\tlabel\nc\tyes\n".utf8),
        ])
    }

    @Test func `it is read beside the others`() throws {
        let folder = try folder()
        let dataset = try Dataset.load(task(test: "test"), in: folder.path)
        #expect(dataset.files == [.train, .dev, .test] && dataset[.test].count == 1)
        #expect(try Dataset.load(task(test: nil), in: folder.path).files == [.train, .dev])
        let check = try DataCheck(dataset)
        #expect(check.files.map(\.name) == ["train", "dev", "test"])
    }

    /// The JSON is what keys are made of.
    @Test func `a task without one is the task that it always was`() throws {
        let json = String(decoding: try CanonicalJSON.encode(task(test: nil)), as: UTF8.self)
        #expect(!json.contains("\"test\""))
        let folder = try folder()
        let (without, with) = try (
            Dataset.contentDigest(task(test: nil), in: folder.path),
            Dataset.contentDigest(task(test: "test"), in: folder.path)
        )
        #expect(without != with, "what is scored is part of what a stage yields")
    }

    @Test func `the baseline is scored on it as well`() throws {
        let folder = try folder()
        let constant = try #require(try Dataset.load(task(test: "test"), in: folder.path).constantPrediction())
        #expect(constant.scores.map(\.split) == [.dev, .test] && constant.scores.map(\.value) == [0.5, 0])
        #expect(
            try Dataset.load(task(test: nil), in: folder.path).constantPrediction()?.scores.map(\.split) == [.dev])
    }
}

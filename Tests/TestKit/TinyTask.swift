package import Experiments
import Files
import Foundation

/// A task over the words of `TinyModel`: is the sentence `good` or `bad`? A tiny model learns it within an epoch or two.
package enum TinyTask {
    package static let definition = TaskDefinition(
        name: "tiny", train: "tiny/train.tsv", dev: "tiny/dev.tsv", format: .tsv, text: .name("sentence"),
        label: .name("label"), labels: ["bad", "good"], metrics: [.accuracy, .f1])

    package static func write(to directory: String, train: Int = 64, dev: Int = 24) throws {
        try FileManager.default.createDirectory(atPath: "\(directory)/tiny", withIntermediateDirectories: true)
        try write(rows: 0..<train, to: "\(directory)/tiny/train.tsv")
        try write(rows: train..<train + dev, to: "\(directory)/tiny/dev.tsv")
    }

    private static func write(rows: Range<Int>, to path: String) throws {
        let subjects = ["cat", "dog", "bird"]
        let colours = ["red", "blue"]
        let verbs = ["runs", "sleeps", "sings"]
        var text = "sentence\tlabel\n"
        for row in rows {
            let label = row % 2 == 0 ? "good" : "bad"
            let tail = row % 5 == 0 ? " and the dog runs" : ""
            text +=
                "the \(colours[row / 2 % 2]) \(label) \(subjects[row / 4 % 3]) \(verbs[row / 3 % 3])\(tail) .\t\(label)\n"
        }
        try AtomicFile.write(Data(text.utf8), to: path)
    }
}

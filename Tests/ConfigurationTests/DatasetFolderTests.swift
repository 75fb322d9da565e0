import Configuration
import Experiments
import TestKit
import Testing

/// Folders as Hugging Face's `datasets` reads and writes them.
struct DatasetFolderTests {
    /// The task that an entry makes of a folder with these files, which need not hold anything.
    private func task(
        _ files: [String: String], _ more: String = "label: label", metric: String = "macro-f1"
    ) throws -> TaskDefinition {
        let data = try TemporaryFolder()
        for (name, text) in files { try data.write(text, to: "reviews/\(name)") }
        let file = try data.write(
            "own: { folder: reviews, text: text, \(more), metrics: [\(metric)] }", to: "tasks.yaml")
        var tasks = TaskCatalog()
        try tasks.add(file: file, dataDirectory: data.path)
        do {
            return try tasks.definition(named: "own")
        } catch {
            throw Told(sentence: "\(error)".replacing(data.path + "/", with: ""))
        }
    }

    private struct Told: Error { let sentence: String }

    private func told(_ files: [String: String], _ more: String = "label: label, labels: [a, b]") -> String {
        do {
            return "\(try task(files, more))"
        } catch {
            return (error as? Told)?.sentence ?? "\(error)"
        }
    }

    private let named = "label: label, labels: [a, b]"

    // MARK: - Splits

    @Test(arguments: [
        (["train.csv", "test.csv"], "train.csv", "test.csv", TaskDefinition.FileFormat.csv),
        (["train.csv", "test.csv", "validation.csv"], "train.csv", "validation.csv", .csv),
        (
            [
                "data/train-00001-of-00002.jsonl", "data/train-00000-of-00002.jsonl", "data/test-00000-of-00001.jsonl",
                "dataset_infos.json", ".git/train.jsonl",
            ], "data/train-00000-of-00002.jsonl, reviews/data/train-00001-of-00002.jsonl",
            "data/test-00000-of-00001.jsonl", .jsonl
        ),
        (["my_train_file_1.tsv", "my_dev_file.tsv"], "my_train_file_1.tsv", "my_dev_file.tsv", .tsv),
        (["training/a.json.gz", "Eval/a.json.gz"], "training/a.json.gz", "Eval/a.json.gz", .jsonl),
        (["train.json", "test.jsonl"], "train.json", "test.jsonl", .jsonl),
        // Folders say it before files do.
        (["train/test-set.csv", "test/train-like.csv"], "train/test-set.csv", "test/train-like.csv", .csv),
        // No word of its own: constraint has "train" in it.
        (["constraint.csv", "train.csv", "latest.csv", "val.csv"], "train.csv", "val.csv", .csv),
    ])
    func `files are of the split that their names or their folders' say`(
        _ files: [String], _ train: String, _ dev: String, _ format: TaskDefinition.FileFormat
    ) throws {
        let task = try task(
            Dictionary(uniqueKeysWithValues: files.map { ($0, $0.hasSuffix("infos.json") ? "{}" : "") }), named)
        #expect(task.train.description == "reviews/\(train)" && task.dev?.description == "reviews/\(dev)")
        #expect(task.format == format && task.labels == ["a", "b"] && task.numbersLabels == nil)
    }

    @Test func `files whose names say nothing are all trained on`() throws {
        let task = try task(["b.csv": "", "a.csv": ""], "\(named), dev: 20%")
        #expect(task.train.paths == ["reviews/a.csv", "reviews/b.csv"] && task.devShare == 0.2)
        #expect(try self.task(["a.csv": ""], "\(named), folds: 5").folds == 5)
        #expect(
            told(["a.csv": ""])
                == "tasks.yaml:1: 'folder' has neither a validation nor a test split; set rows of train apart, as 'dev: 20%' or "
                + "'folds: 5'")
    }

    private let card = """
        ---
        license: mit
        configs:
        - config_name: plain
          data_files:
          - split: train
            path: data/part-*.jsonl
          - split: test
            path: [data/held.jsonl, data/out.jsonl]
        - config_name: other
          data_files: "other/*.csv"
        ---
        # Reviews
        """

    @Test func `a card says which files are which, and a subset is named`() throws {
        let files = Dictionary(
            uniqueKeysWithValues: [
                "data/part-2.jsonl", "data/part-1.jsonl", "data/held.jsonl", "data/out.jsonl", "other/x.csv",
            ]
            .map { ($0, "") })
        let task = try task(files.merging(["README.md": card]) { $1 }, "\(named), subset: plain")
        #expect(task.train.paths == ["reviews/data/part-1.jsonl", "reviews/data/part-2.jsonl"])
        #expect(task.dev?.paths == ["reviews/data/held.jsonl", "reviews/data/out.jsonl"])
        let other = try self.task(files.merging(["README.md": card]) { $1 }, "\(named), subset: other, dev: 10%")
        #expect(other.train.paths == ["reviews/other/x.csv"] && other.format == .csv)
        #expect(
            told(files.merging(["README.md": card]) { $1 })
                == "tasks.yaml:1: the folder has several subsets; name one in 'subset': plain or other")
        #expect(
            told(files.merging(["README.md": card]) { $1 }, "\(named), subset: plan")
                == "tasks.yaml:1: 'subset': the folder has no 'plan'; name one in 'subset': plain or other")
        let withDefault = card.replacing("- config_name: other", with: "- config_name: default")
        #expect(try self.task(files.merging(["README.md": withDefault]) { $1 }, "\(named), dev: 10%").format == .csv)
    }

    @Test(arguments: [
        ("'*.csv'", ["a.csv"]), ("'**/*.csv'", ["a.csv", "x/b.csv", "x/y/c.csv"]), ("'x/*.csv'", ["x/b.csv"]),
        ("'./x/**'", ["x/b.csv", "x/y/c.csv"]), ("'*/*.csv'", ["x/b.csv"]), ("'**/y/**/*.csv'", ["x/y/c.csv"]),
        ("[a.csv, 'x/?/*']", ["a.csv", "x/y/c.csv"]),
    ])
    func `a star stays within a name, and two are any folders`(pattern: String, found: [String]) throws {
        let card = "---\nconfigs:\n- config_name: default\n  data_files: \(pattern)\n---\n"
        let task = try task(["README.md": card, "a.csv": "", "x/b.csv": "", "x/y/c.csv": ""], "\(named), dev: 10%")
        #expect(task.train.paths == found.map { "reviews/\($0)" })
    }

    // MARK: - Classes

    @Test(arguments: [
        (
            "README.md",
            """
            ---
            dataset_info:
              features:
              - name: text
                dtype: string
              - name: label
                dtype:
                  class_label:
                    names:
                      '10': k
                      '0': neg
                      '1': pos
            ---
            """, ["neg", "pos", "k"]
        ),
        (
            "README.md",
            """
            ---
            dataset_info:
              features:
              - { name: label, dtype: { class_label: { names: [neg, pos] } } }
            ---
            """, ["neg", "pos"]
        ),
        (
            "dataset_infos.json",
            """
            {"default": {"features": {"text": {"dtype": "string", "_type": "Value"},
             "label": {"num_classes": 2, "names": ["neg", "pos"], "_type": "ClassLabel"}}}}
            """, ["neg", "pos"]
        ),
        (
            "dataset_info.json",
            #"{"features": {"label": {"feature": {"names": ["O", "B-X"], "_type": "ClassLabel"}, "_type": "Sequence"}}}"#,
            ["O", "B-X"]
        ),
    ])
    func `names of classes come from the folder, and its files have their numbers`(
        _ name: String, _ text: String, _ labels: [String]
    ) throws {
        let task = try task(["train.jsonl": "", "test.jsonl": "", name: text])
        #expect(task.labels == labels && task.numbersLabels == true)
        let own = try self.task(
            ["train.jsonl": "", "test.jsonl": "", name: text], "label: label, labels: [\"0\", \"1\"]")
        #expect(
            own.labels == ["0", "1"] && own.numbersLabels == nil, "the task's own labels are as the files spell them")
    }

    @Test func `without names of classes the label is a number`() throws {
        let task = try task(
            ["train.csv": "", "test.csv": "", "README.md": "# No card"], "label: score", metric: "pearson")
        #expect(task.labels == nil && task.numbersLabels == nil)
    }

    // MARK: - What cannot be read

    @Test func `what is wrong with a folder is one sentence`() throws {
        let place = "tasks.yaml:1: "
        #expect(told(["README.md": "x"]) == place + "'folder': reviews has no files to train on; name them in 'train'")
        #expect(
            told(["train.parquet": "", "test.parquet": ""])
                == place
                + "'folder': reviews has .parquet files, and all must be .csv, .tsv or .jsonl; `datasets` writes those by "
                + "to_csv and to_json")
        #expect(told(["train.csv": "", "test.jsonl": ""]).contains("reviews has .csv or .jsonl files"))
        #expect(
            told(["train.csv": ""], "format: csv, \(named)") == place
                + "with 'folder' its files say what 'format' they have; leave it out")
        #expect(
            told(["train.csv": "", "README.md": "---\n- [\n---\n"]).hasPrefix("reviews/README.md:"),
            "of the card its line")
        #expect(
            told(["train.csv": "", "test.csv": "", "dataset_infos.json": "{"]).hasPrefix(
                "reviews/dataset_infos.json: not JSON"))
        var tasks = TaskCatalog()
        let file = try TemporaryFolder([
            "t.yaml":
                "own: { folder: no, text: a, label: b, metrics: [pearson] }\nb: { subset: x, train: a, dev: b, format: csv, text: a, label: b, metrics: [pearson] }"
        ])
        try tasks.add(file: file["t.yaml"], dataDirectory: file.path)
        let error = #expect(throws: ConfigurationError.self) { try tasks.definition(named: "own") }
        #expect(error?.description.hasSuffix("'folder': there is no directory \(file.path)/no") == true)
        let subset = #expect(throws: ConfigurationError.self) { try tasks.definition(named: "b") }
        #expect(subset?.description.hasSuffix("'subset' is one of a 'folder'") == true)
    }
}

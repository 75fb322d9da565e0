import Foundation
import TestKit
import Testing

/// `headstart data fetch` beside a server with archives, good ones and others.
@Suite(.timeLimit(.minutes(5)))
struct DataFetchTests {
    let hub: LocalHub

    init() throws {
        hub = try LocalHub(try Workshop(), models: [])
        try hub.shop.write(
            """
            own:
              train: Own/train.tsv
              dev: Own/dev.tsv
              archive: \(hub.endpoint)/files/Own.zip
              format: tsv
              text: sentence
              label: label
              labels: [bad, good]
              metrics: [accuracy]
            bare: { train: a, dev: b, format: tsv, text: a, label: b, metrics: [pearson] }
            """, to: "archives/tasks.yaml")
    }

    /// Packs files by their names in the archive; `python` then does to them what one line says.
    private func pack(_ lines: String...) throws {
        let script =
            """
            import os, zipfile
            os.makedirs('files', exist_ok=True)
            archive = zipfile.ZipFile('files/Own.zip', 'w', zipfile.ZIP_DEFLATED)
            add = archive.writestr
            \(lines.joined(separator: "\n"))
            archive.close()
            """
        let outcome = try Running(["-c", script], of: "/usr/bin/python3", in: hub.shop.path("hub")).wait()
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    private let train = "add('Own/train.tsv', 'sentence\\tlabel\\nthe good dog\\tgood\\nthe bad cat\\tbad\\n')"
    private let dev = "add('Own/dev.tsv', 'sentence\\tlabel\\na good cat\\tgood\\n')"

    private func fetch(_ task: String = "own", _ more: [String: String?] = [:]) throws -> Program.Outcome {
        try hub.run(
            "data", "fetch", task, "--data", "got",
            environment: ["HEADSTART_CONFIGS": hub.shop.folder].merging(more) { $1 })
    }

    private var files: [String] {
        (FileManager.default.enumerator(atPath: hub.shop.path("got"))?.allObjects as? [String] ?? []).sorted()
    }

    @Test func `a task's files come out of its archive, and the folder then describes it`() throws {
        try pack(train, dev, "add('Own/test.tsv', 'not wanted')", "add('README', '')")
        let outcome = try fetch()
        #expect(outcome.status == 0 && outcome.output == "own was fetched to got.\n", "\(outcome)")
        #expect(
            files == [".fetch.lock", "Own", "Own/dev.tsv", "Own/train.tsv", "archives.json", "tasks.yaml"], "\(files)")
        let again = try fetch()
        #expect(again.status == 0 && again.output == "own is as it was fetched in got.\n")
        #expect(try hub.requests().count == 1)
        let trained = try hub.run(
            "train", "--model", hub.shop.model, "--data", "got", "--task", "own", "--tune", "head", "--set",
            "max-steps=2", "--out", "run")
        #expect(trained.status == 0, "\(trained.errors)")
    }

    @Test func `nothing is fetched that could not be unpacked`() throws {
        try pack(train, dev)
        // What lies first on the way to a library and is none is as good as no library.
        for name in ["libzip.so.4", "libzip.so.5"] { try hub.shop.write("no library", to: "none/\(name)") }
        let outcome = try fetch("own", ["LD_LIBRARY_PATH": hub.shop.path("none")])
        #expect(outcome.status == 1)
        #expect(
            outcome.errors
                == "headstart: there is no libzip on this machine; apt-get install libzip-dev brings it\n")
        #expect(try hub.requests().isEmpty)
    }

    @Test func `an archive that is another one later is refused, and so are files that were changed`() throws {
        try pack(train, dev)
        #expect(try fetch().status == 0)
        try hub.shop.write("mine", to: "got/Own/dev.tsv")
        let changed = try fetch()
        #expect(changed.status == 2)
        #expect(
            changed.errors
                == "headstart: got/Own/dev.tsv: was changed since it came from \(hub.endpoint)/files/Own.zip; "
                + "move it away to have it fetched\n")
        try FileManager.default.removeItem(atPath: hub.shop.path("got/Own/dev.tsv"))
        #expect(try fetch().status == 0, "what is missing comes again")
        try FileManager.default.removeItem(atPath: hub.shop.path("got/Own/dev.tsv"))
        try pack(train, dev, "add('more', '')")
        let other = try fetch()
        #expect(other.status == 1 && other.errorLines.count == 1)
        #expect(other.errors.contains("the archive is not the one that was fetched before (its digest is "))
        #expect(!files.contains("Own/dev.tsv"))
    }

    @Test func `a file that somebody put there is left alone`() throws {
        try pack(train, dev)
        try hub.shop.write("mine", to: "got/Own/train.tsv")
        let outcome = try fetch()
        #expect(outcome.status == 2 && outcome.errors.contains("got/Own/train.tsv: did not come from"), "\(outcome)")
        #expect(try String(contentsOfFile: hub.shop.path("got/Own/train.tsv"), encoding: .utf8) == "mine")
    }

    @Test(arguments: [
        ("add('../evil', 'x')", "it has a file '../evil', which would lie outside of the folder"),
        ("add('/etc/evil', 'x')", "it has a file '/etc/evil', which would lie outside of the folder"),
        ("add('a/../../evil', 'x')", "it has a file 'a/../../evil', which would lie outside of the folder"),
        ("add('a\\\\evil', 'x')", "it has a file 'a\\evil', which would lie outside of the folder"),
        ("add('Own/train.tsv', 'x')", "it has no 'Own/dev.tsv', but Own/train.tsv"),
        (
            "[add('Own/dev.tsv', 'x'), archive.open('Own/train.tsv', 'w').write(bytes(600 << 20))]",
            "'Own/train.tsv' unpacks to more than 512 MiB; that is no dataset"
        ),
    ])
    func `a hostile archive leaves nothing behind`(_ line: String, _ sentence: String) throws {
        try pack(line.contains("evil") ? "\(train); \(dev); \(line)" : line)
        let outcome = try fetch()
        #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome)")
        #expect(outcome.errors.hasPrefix("headstart: \(hub.endpoint)/files/Own.zip: \(sentence)"), "\(outcome.errors)")
        #expect(!files.contains { $0.contains("evil") || $0.hasSuffix(".incomplete") || $0 == "archives.json" })
        #expect(!FileManager.default.fileExists(atPath: hub.shop.path("evil")))
    }

    @Test func `what is no archive, or a damaged one, is told`() throws {
        try hub.shop.write("<html>not here</html>", to: "hub/files/Own.zip")
        let page = try fetch()
        #expect(page.status == 1 && page.errors.contains("it cannot be read as a zip archive ("), "\(page)")
        #expect(!files.contains { $0.hasSuffix(".incomplete") })
        try pack("archive.compression = zipfile.ZIP_STORED", train, dev)
        let path = URL(filePath: hub.shop.path("hub/files/Own.zip"))
        var bytes = try Data(contentsOf: path)
        bytes[60] ^= 1
        try bytes.write(to: path)
        let damaged = try fetch()
        #expect(damaged.status == 1 && damaged.errors.contains("'Own/train.tsv' is damaged ("), "\(damaged)")
        #expect(!files.contains("archives.json"))
    }

    @Test func `an archive that is cut off goes on where it stopped`() throws {
        try pack(train, dev, "archive.compression = zipfile.ZIP_STORED", "add('filler', bytes(50_000))")
        try hub.fail(LocalHub.Fault(path: "/files/", times: 1, fault: "cut", bytes: 20_000))
        let outcome = try fetch()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try hub.requests().map(\.range) == [nil, "bytes=20000-"])
    }

    @Test func `a task without an archive, an unknown one and an archive that is gone are told`() throws {
        let bare = try fetch("bare")
        #expect(bare.status == 2)
        #expect(
            bare.errors
                == "headstart: task 'bare' is in no archive that its entry names; get its files from its publishers\n")
        let unknown = try fetch("owm")
        #expect(unknown.status == 2 && unknown.errors.contains("unknown task 'owm'; did you mean 'own'?"))
        let gone = try fetch()
        #expect(gone.status == 2)
        #expect(gone.errors == "headstart: \(hub.endpoint)/files/Own.zip: there is no such file (404)\n")
    }

    @Test func `a folder's own description of a task stays`() throws {
        try pack(train, dev)
        try hub.shop.write(
            "own: { train: x, dev: y, format: tsv, text: a, label: b, metrics: [pearson] }", to: "got/tasks.yaml")
        let outcome = try fetch()
        #expect(outcome.status == 0)
        #expect(outcome.errors == "got/tasks.yaml has another task 'own', which stays; name it otherwise to use both\n")
    }
}

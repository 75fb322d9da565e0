import ArgumentParser
import Configuration
import Downloads
import Experiments
import Files
import Foundation
import Reports

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Fetches pretrained models from the Hugging Face hub, and lists those here.",
        subcommands: [ModelFetchCommand.self, ModelListCommand.self])
}

struct ModelFetchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Brings a model from the Hugging Face hub here.",
        discussion: """
            It goes to the hub's own cache, which transformers and huggingface_hub share: what they have brought is not \
            fetched again, and what this command brings they find. Only config.json, model.safetensors and the \
            tokenizer's files are fetched. All is compared with the digests that the hub tells. Cut off, by Ctrl-C or \
            otherwise, the same command goes on where it stopped.

            HF_ENDPOINT, HF_TOKEN (or the file that `hf auth login` writes), HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE and \
            HF_HUB_DOWNLOAD_TIMEOUT count as they do there, https_proxy and no_proxy as everywhere.

            EXAMPLE
              headstart model fetch roberta-base
              headstart model fetch sentence-transformers/all-MiniLM-L6-v2 --revision refs/pr/21
            """)

    @Argument(help: "A name in models.yaml, or a model's name on the hub, as FacebookAI/roberta-base.")
    var name: String

    @Option(name: .long, help: "A branch, a tag or a commit; main otherwise.")
    var revision: String?

    @Option(
        name: .long, help: ArgumentHelp("The folder in the repository that has the model's files.", valueName: "folder")
    )
    var subfolder: String?

    @OptionGroup var output: OutputOptions

    private struct Summary: Encodable {
        let id: String
        let revision: String
        /// Offline nobody knows these two.
        let commit: String?
        let bytes: Int?
        let directory: String

        func encode(to encoder: any Encoder) throws {
            try encoder.encode([
                "id": id, "revision": revision, "commit": commit, "bytes": bytes, "directory": directory,
            ])
        }
    }

    func run() throws {
        let model = try Catalogs.read().models.onHub(name, revision: revision, subfolder: subfolder)
        let settings = try HubSettings(environment: ProcessInfo.processInfo.environment)
        // Offline, what is here is all there can be.
        if settings.isOffline, let directory = try settings.cache.directory(of: model) {
            return try report(model, commit: nil, bytes: nil, directory)
        }
        let plan = try FetchDisplay.watching { display in
            let fetch = HubFetch(model, settings: settings)
            let plan = try fetch.plan(display)
            try fetch.perform(plan, display)
            return plan
        }
        try report(model, commit: plan.commit, bytes: plan.byteCount, plan.directory)
    }

    private func report(_ model: HubModel, commit: String?, bytes: Int?, _ directory: String) throws {
        if output.json {
            return try Screen.json(
                Summary(
                    id: model.id, revision: model.revision, commit: commit, bytes: bytes,
                    directory: directory))
        }
        let size = bytes.map { ", \(megabytes($0))" } ?? ""
        try Screen.line("\(model)\(size), is in \(directory)")
    }
}

struct ModelListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the pretrained models that are here: those of models.yaml, and those in the hub's cache.",
        discussion: """
            EXAMPLE
              headstart model list
            """)

    @OptionGroup var output: OutputOptions

    func run() throws {
        let named = try Catalogs.read().models.present.map { name, directory in
            let files = Directory.names(in: directory).filter { Disk.isPlainFile("\(directory)/\($0)") }
            return ModelListing.Entry(
                name: name, revision: nil, bytes: bytes(in: directory, Set(files)),
                isUsable: ModelFiles.suffice(Set(files)), directory: directory)
        }
        let cached = try HubCache(environment: ProcessInfo.processInfo.environment).entries().map { entry in
            ModelListing.Entry(
                name: entry.id + (entry.subfolder.map { "/\($0)" } ?? ""),
                revision: entry.revisions.isEmpty
                    ? String(entry.commit.prefix(10)) : entry.revisions.joined(separator: ", "),
                bytes: bytes(in: entry.directory, entry.files), isUsable: ModelFiles.suffice(entry.files),
                directory: entry.directory)
        }
        let listing = ModelListing(named + cached)
        if output.json { return try Screen.json(listing) }
        try Screen.line(listing.text)
    }

    /// Of the files that are read.
    private func bytes(in directory: String, _ files: Set<String>) -> Int {
        files.intersection(ModelFiles.all).reduce(0) { $0 + (Disk.byteCount(of: "\(directory)/\($1)") ?? 0) }
    }
}

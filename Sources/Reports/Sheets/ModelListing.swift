/// The pretrained models that are on a machine.
package struct ModelListing: Encodable, Sendable {
    package struct Entry: Encodable, Sendable {
        /// What `model:` of a sweep may say.
        let name: String
        /// The branches, tags or the beginning of the commit that it is; null for a directory.
        let revision: String?
        let bytes: Int
        /// Whether all files that are needed are there.
        let isUsable: Bool
        let directory: String

        package init(name: String, revision: String?, bytes: Int, isUsable: Bool, directory: String) {
            self.name = name
            self.revision = revision
            self.bytes = bytes
            self.isUsable = isUsable
            self.directory = directory
        }

        private enum Keys: String, CodingKey { case name, revision, bytes, isUsable, directory }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(name, forKey: .name)
            // What is not known is null, and not left out.
            try container.encode(revision, forKey: .revision)
            try container.encode(bytes, forKey: .bytes)
            try container.encode(isUsable, forKey: .isUsable)
            try container.encode(directory, forKey: .directory)
        }
    }

    let models: [Entry]

    package init(_ models: [Entry]) { self.models = models }

    package var text: String {
        guard !models.isEmpty else { return "There is no model here; `headstart model fetch roberta-base` brings one." }
        var columns = Columns([
            ("model", .left), ("revision", .left), ("MB", .right), ("", .left), ("directory", .left),
        ])
        for model in models {
            columns.add([
                model.name, model.revision ?? "", "\((model.bytes + 500_000) / 1_000_000)",
                model.isUsable ? "" : "not whole", model.directory,
            ])
        }
        return columns.lines().joined(separator: "\n")
    }
}

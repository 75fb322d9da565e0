import Files

/// Where the hub is, who asks, and where its files are kept: read from the environment as `huggingface_hub` reads it.
package struct HubSettings: Hashable, Sendable {
    package let endpoint: String
    /// nil for nobody in particular. It is shown to nobody but the endpoint.
    package let token: String?
    package let cache: HubCache
    /// Whether nothing may be asked of the network.
    package let isOffline: Bool
    /// How long nothing may come.
    package let stallSeconds: Int

    /// - Throws: what is wrong with a variable.
    package init(environment: [String: String]) throws(DownloadError) {
        let read = Reading(environment)
        var endpoint = read["HF_ENDPOINT"] ?? "https://huggingface.co"
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        guard ["https://", "http://"].contains(where: endpoint.hasPrefix),
            endpoint.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else {
            throw DownloadError(.request, "HF_ENDPOINT is '\(endpoint)', and an address begins with https://")
        }
        self.endpoint = endpoint
        cache = HubCache(environment: environment)
        isOffline = read.isTrue("HF_HUB_OFFLINE") || read.isTrue("TRANSFORMERS_OFFLINE")
        stallSeconds = read["HF_HUB_DOWNLOAD_TIMEOUT"].flatMap { Int($0) }.map { max(1, $0) } ?? 10
        token = try read.token()
    }
}

extension HubCache {
    /// The folder that `huggingface_hub` uses in such an environment.
    package init(environment: [String: String]) {
        let read = Reading(environment)
        self.init(
            root: read.path("HF_HUB_CACHE") ?? read.path("HUGGINGFACE_HUB_CACHE") ?? "\(read.home)/hub")
    }
}

/// The variables that are set to something.
private struct Reading {
    private let environment: [String: String]

    init(_ environment: [String: String]) { self.environment = environment }

    subscript(name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    func isTrue(_ name: String) -> Bool {
        ["1", "ON", "YES", "TRUE"].contains(self[name]?.uppercased())
    }

    /// The hub's own folder.
    var home: String {
        path("HF_HOME") ?? "\(path("XDG_CACHE_HOME") ?? "\(self["HOME"] ?? "")/.cache")/huggingface"
    }

    /// A path with `~` and `$NAME` replaced, these where they are set.
    func path(_ name: String) -> String? {
        self[name].map { path in
            path.split(separator: "/", omittingEmptySubsequences: false).enumerated().map { index, part in
                if index == 0, part == "~" { return self["HOME"] ?? "~" }
                guard part.hasPrefix("$") else { return String(part) }
                let variable = part.dropFirst().drop { $0 == "{" }.prefix { $0 != "}" }
                return environment[String(variable)] ?? String(part)
            }.joined(separator: "/")
        }
    }

    /// The token of the environment, else that of the file which `hf auth login` writes.
    func token() throws(DownloadError) -> String? {
        for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
            if let text = self[name], let token = try checked(text, name) { return token }
        }
        guard !isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") else { return nil }
        let file = path("HF_TOKEN_PATH") ?? "\(home)/token"
        guard Disk.isPlainFile(file) else { return nil }
        do {
            return try checked(String(decoding: try Disk.readToEnd(file, atMost: 1 << 16), as: UTF8.self), file)
        } catch let error as DownloadError {
            throw error
        } catch {
            throw DownloadError(.request, "the hub's token cannot be used: \(error)")
        }
    }

    /// A line end at its end belongs to no token; within, it would be a line of the request.
    private func checked(_ text: String, _ source: String) throws(DownloadError) -> String? {
        let token = String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        guard token.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw DownloadError(.request, "\(source): is no token, which is one word of ASCII, as hf_abc")
        }
        return token.isEmpty ? nil : token
    }
}

import Downloads
import TestKit
import Testing

struct HubModelTests {
    @Test(arguments: ["roberta-base", "FacebookAI/roberta-base", "a_b/c.d-e", "sentence-transformers/all-MiniLM-L6-v2"])
    func `these are models of the hub`(_ id: String) throws {
        #expect(HubModel.isID(id))
        #expect(try HubModel(id).revision == "main")
    }

    @Test(arguments: [
        "", "/", "a/", "/a", "a/b/c", "a--b", "../a", "a/..", ".a", "a.", "-a", "a b", "a/b.git", "ä", "~/model",
        "$A/b",
        String(repeating: "a", count: 97),
    ])
    func `these are not`(_ id: String) {
        #expect(!HubModel.isID(id))
        #expect(throws: DownloadError.self) { try HubModel(id) }
    }

    @Test(arguments: ["../x", "a/../b", "/etc", "a//b", ".", "a\nb", "a b", ""])
    func `no revision and no folder leads out of its own`(_ path: String) {
        #expect(throws: DownloadError.self) { try HubModel("a/b", revision: path) }
        // A slash before a folder's name means the repository's own.
        if path != "/etc" { #expect(throws: DownloadError.self) { try HubModel("a/b", subfolder: path) } }
    }

    @Test func `a model says the command that brings it`() throws {
        let model = try HubModel("a/b", revision: "refs/pr/1", subfolder: "/c/d/")
        #expect(model.command == "headstart model fetch a/b --revision refs/pr/1 --subfolder c/d")
        #expect(try HubModel("a").command == "headstart model fetch a")
        #expect(
            HubListing.url(of: model, at: "http://h") == "http://h/api/models/a/b/revision/refs%2Fpr%2F1?blobs=true")
    }
}

struct HubSettingsTests {
    @Test(arguments: [
        (["HOME": "/h"], "/h/.cache/huggingface/hub"),
        (["HOME": "/h", "XDG_CACHE_HOME": "/x"], "/x/huggingface/hub"),
        (["HOME": "/h", "HF_HOME": "~/hf"], "/h/hf/hub"),
        (["HOME": "/h", "S": "/s", "HF_HOME": "$S/hf"], "/s/hf/hub"),
        (["HOME": "/h", "HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/old"], "/old"),
        (["HOME": "/h", "HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/old", "HF_HUB_CACHE": "/new"], "/new"),
        (["HOME": "/h", "HF_HUB_CACHE": ""], "/h/.cache/huggingface/hub"),
    ])
    func `the cache is where the hub's own library has it`(_ environment: [String: String], _ root: String) throws {
        #expect(try HubSettings(environment: environment).cache.root == root)
    }

    @Test func `the token is the environment's, else the file's`() throws {
        let folder = try TemporaryFolder(["token": "hf_file\n"])
        let file = ["HF_HOME": folder.path]
        #expect(try HubSettings(environment: file).token == "hf_file")
        #expect(try HubSettings(environment: file.merging(["HF_TOKEN": " hf_own "]) { $1 }).token == "hf_own")
        #expect(try HubSettings(environment: file.merging(["HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]) { $1 }).token == nil)
        #expect(try HubSettings(environment: ["HF_HOME": "/nowhere"]).token == nil)
        #expect(throws: DownloadError.self) { try HubSettings(environment: ["HF_TOKEN": "a\r\nX-Evil: 1"]) }
    }

    @Test(arguments: [("1", true), ("true", true), ("Yes", true), ("0", false), ("", false), ("no", false)])
    func `offline is what the hub's own library takes for it`(_ value: String, _ isOffline: Bool) throws {
        #expect(try HubSettings(environment: ["HF_HUB_OFFLINE": value]).isOffline == isOffline)
    }

    @Test func `an endpoint is an address`() throws {
        #expect(try HubSettings(environment: [:]).endpoint == "https://huggingface.co")
        #expect(try HubSettings(environment: ["HF_ENDPOINT": "http://h:1//"]).endpoint == "http://h:1")
        #expect(throws: DownloadError.self) { try HubSettings(environment: ["HF_ENDPOINT": "file:///etc"]) }
        #expect(throws: DownloadError.self) { try HubSettings(environment: ["HF_ENDPOINT": "huggingface.co"]) }
    }
}

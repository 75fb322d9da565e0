import Foundation
import TestKit

/// A server that behaves like the Hugging Face hub (Tests/LocalHub/local_hub.py), gone with the value, and a home folder
/// of its own for those who ask it.
struct LocalHub {
    /// What goes wrong with requests whose path has a part in it.
    struct Fault: Encodable {
        let path: String
        var times: Int?
        let fault: String
        var bytes: Int?
        var seconds: Double?
        var status: Int?
        var fields: [String: String]?
    }

    /// A request as the server saw it.
    struct Request: Decodable {
        let method: String
        let path: String
        let host: String
        let range: String?
        let authorization: String?
    }

    let shop: Workshop
    private let server: Running
    let port: Int

    /// Whether it speaks TLS, with a certificate that nobody has vouched for.
    private let isSecure: Bool

    /// - Parameter models: the repositories that have the tiny model.
    init(_ shop: Workshop, models: [String] = ["org/tiny"], isSecure: Bool = false) throws {
        self.shop = shop
        self.isSecure = isSecure
        for model in models { try TinyModel.write(to: shop.path("hub/models/\(model)")) }
        try shop.write("", to: "hub/log")
        let script = "\(Program.package)/Tests/LocalHub/local_hub.py"
        var arguments = [script, shop.path("hub")]
        if isSecure {
            try Self.makeCertificate(shop.path("certificate"))
            arguments.append(shop.path("certificate"))
        }
        server = try Running(arguments, of: "/usr/bin/python3")
        let path = shop.path("hub/port")
        let isUp = eventually(within: 60) { FileManager.default.fileExists(atPath: path) }
        guard isUp, let port = Int(try String(contentsOfFile: path, encoding: .utf8)) else {
            throw CocoaError(.fileReadUnknown, userInfo: [NSLocalizedDescriptionKey: server.stop()])
        }
        self.port = port
    }

    func stop() { _ = server.stop() }

    /// A certificate for this machine with its key behind it.
    private static func makeCertificate(_ path: String) throws {
        let outcome = try Running(
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", path, "-out", "\(path).own",
            ], of: "/usr/bin/openssl"
        ).wait()
        guard outcome.status == 0 else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSLocalizedDescriptionKey: outcome.errors])
        }
        let own = try Data(contentsOf: URL(filePath: "\(path).own"))
        try (Data(contentsOf: URL(filePath: path)) + own).write(to: URL(filePath: path))
    }

    var endpoint: String { "\(isSecure ? "https" : "http")://127.0.0.1:\(port)" }
    var cache: String { shop.path("hf/hub") }

    /// What a user of this hub has set.
    var environment: [String: String?] {
        [
            "HF_ENDPOINT": endpoint, "HF_HOME": shop.path("hf"), "HF_HUB_CACHE": nil, "HF_TOKEN": nil,
            "HF_HUB_OFFLINE": nil, "HF_HUB_DOWNLOAD_TIMEOUT": "2", "HEADSTART_MODELS": shop.path("models"),
            "http_proxy": nil, "https_proxy": nil, "no_proxy": nil, "CURL_CA_BUNDLE": nil, "SSL_CERT_FILE": nil,
            "REQUESTS_CA_BUNDLE": nil,
        ]
    }

    func fail(_ faults: Fault...) throws {
        try shop.write(String(decoding: JSONEncoder().encode(faults), as: UTF8.self), to: "hub/faults.json")
    }

    func run(_ arguments: String..., environment more: [String: String?] = [:]) throws -> Program.Outcome {
        try shop.run(arguments, environment: environment.merging(more) { $1 })
    }

    func start(_ arguments: String...) throws -> Running {
        try Running(arguments, in: shop.folder, environment: environment)
    }

    /// What was asked for since the last time.
    func requests() throws -> [Request] {
        let text = try String(contentsOfFile: shop.path("hub/log"), encoding: .utf8)
        try shop.write("", to: "hub/log")
        return try text.split(separator: "\n").map { try JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
    }

    /// The folder that has the only snapshot of a model.
    func snapshot(of model: String) throws -> String {
        let folder = "\(cache)/models--\(model.replacing("/", with: "--"))/snapshots"
        let commits = try FileManager.default.contentsOfDirectory(atPath: folder)
        return "\(folder)/\(commits.joined(separator: " and "))"
    }

    /// Whether a model here has the bytes of the one that the hub has.
    func isWhole(_ model: String) throws -> Bool {
        let snapshot = try snapshot(of: model)
        return try ["config.json", "vocab.txt", "model.safetensors"].allSatisfy { name in
            try isSame("\(snapshot)/\(name)", shop.path("hub/models/\(model)/\(name)"))
        }
    }

    /// FileManager's own comparison takes a link for another file than what it leads to.
    func isSame(_ first: String, _ second: String) throws -> Bool {
        try Data(contentsOf: URL(filePath: first)) == Data(contentsOf: URL(filePath: second))
    }
}

extension Running {
    /// - Returns: what it had to complain of.
    func stop() -> String {
        kill()
        return wait().errors
    }
}

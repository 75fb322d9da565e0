import Foundation
import Testing
import Transport

struct KeyFileTests {
    @Test func `a saved key pair is read back`() throws {
        try withDirectory { directory in
            let path = directory + "/keys/worker"
            let pair = try CurveKeyPair.generate()
            try pair.save(to: path)
            #expect(try CurveKeyPair(path: path).publicKey == pair.publicKey)
            #expect(try CurvePublicKey(path: path + ".pub") == pair.publicKey)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let ofDirectory = try FileManager.default.attributesOfItem(atPath: directory + "/keys")
            #expect(ofDirectory[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test func `a key is never overwritten`() throws {
        try withDirectory { directory in
            let pair = try CurveKeyPair.generate()
            try pair.save(to: directory + "/k")
            #expect(throws: TransportError.self) { try CurveKeyPair.generate().save(to: directory + "/k") }
            #expect(try CurveKeyPair(path: directory + "/k").publicKey == pair.publicKey)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["k", "k.pub"])
        }
    }

    @Test func `a secret that others may read is refused with the command that helps`() throws {
        try withDirectory { directory in
            let path = directory + "/k"
            try CurveKeyPair.generate().save(to: path)
            chmod(path, 0o640)
            let ofFile = #expect(throws: TransportError.self) { try CurveKeyPair(path: path) }
            #expect(ofFile?.description.contains("chmod 600 \(path)") == true)
            chmod(path, 0o600)
            chmod(directory, 0o755)
            let ofDirectory = #expect(throws: TransportError.self) { try CurveKeyPair(path: path) }
            #expect(ofDirectory?.description.contains("chmod 700 \(directory)") == true)
            chmod(directory, 0o700)
        }
    }

    @Test func `the list of admitted keys has names and comments`() throws {
        try withDirectory { directory in
            let keys = try (0..<3).map { _ in try CurveKeyPair.generate().publicKey }
            let path = directory + "/admitted"
            let text = "# workers\n\(keys[0]) node-1\n\n  \(keys[1])\t# node 2\n\(keys[2])"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try AdmittedKeys(path: path) == AdmittedKeys(Set(keys)))
        }
    }

    @Test(arguments: [("nonsense\n", ":1:"), ("# only words\n", "no key is listed"), ("", "no key is listed")])
    func `a list that admits nobody or holds something else is refused`(text: String, reason: String) throws {
        try withDirectory { directory in
            let path = directory + "/admitted"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: TransportError.self) { try AdmittedKeys(path: path) }
            #expect(error?.description.contains(reason) == true)
        }
    }

    @Test func `a token is made once, for its owner alone`() throws {
        try withDirectory { directory in
            let path = directory + "/keys/token"
            let token = try SecretFile.readOrMake(path)
            #expect(token.wholeMatch(of: /[0-9a-f]{64}/) != nil)
            #expect(try SecretFile.readOrMake(path) == token)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try SecretFile.readOrMake(directory + "/other") != token)
            chmod(path, 0o640)
            let error = #expect(throws: TransportError.self) { try SecretFile.readOrMake(path) }
            #expect(error?.description.contains("chmod 600 \(path)") == true)
        }
    }

    @Test(arguments: ["", "short", "0123456789abcde", "0123456789abcdef; rm", "0123456789abcdé0"])
    func `what is no token is refused`(text: String) throws {
        try withDirectory { directory in
            let path = directory + "/token"
            try Data((text + "\n").utf8).write(to: URL(filePath: path))
            chmod(path, 0o600)
            #expect(throws: TransportError.self) { try SecretFile.readOrMake(path) }
        }
    }

    @Test func `a missing key file is one sentence with its path`() {
        let error = #expect(throws: TransportError.self) { try CurveKeyPair(path: "/nowhere/key") }
        #expect(error?.description.contains("/nowhere") == true)
    }
}

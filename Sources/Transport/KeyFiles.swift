import Files
import Foundation

// A key pair is two files: NAME holds the secret key and is its owner's alone, NAME.pub holds the public key. A list of
// admitted keys is a file of public keys, one a line, each with a name after it if one likes.

extension CurveKeyPair {
    /// Writes `path` (mode 0600) and `path`.pub; makes the directory (0700) where it is missing. An existing key is
    /// never overwritten.
    package func save(to path: String) throws(TransportError) {
        try makeDirectory(of: path)
        try create(path, mode: 0o600, text: secretText + "\n")
        try create(path + ".pub", mode: 0o644, text: "\(publicKey)\n")
    }

    /// Refuses a key that others could have read.
    package init(path: String) throws(TransportError) {
        try demandPrivate(Path.folder(of: path), mode: 0o700)
        try demandPrivate(path, mode: 0o600)
        let text = try readKeyFile(path).trimmingCharacters(in: .whitespacesAndNewlines)
        do throws(TransportError) {
            self = try CurveKeyPair(secret: text)
        } catch .badKey(let reason) {
            throw TransportError.badKey("\(path): \(reason); make a key with 'headstart keys'")
        }
    }
}

extension CurvePublicKey {
    /// Reads a .pub file.
    package init(path: String) throws(TransportError) {
        let text = try readKeyFile(path).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let key = CurvePublicKey(z85: text) else {
            throw TransportError.badKey("\(path): not a public key: 40 characters of Z85 are expected")
        }
        self = key
    }
}

/// The public keys of those who may connect.
package struct AdmittedKeys: Equatable, Sendable {
    package private(set) var keys: Set<CurvePublicKey>

    package init(_ keys: Set<CurvePublicKey>) { self.keys = keys }

    /// A file of public keys, one a line, the rest of the line being a name. Empty lines and lines that start with `# `
    /// are skipped (`#` without a space may begin a key).
    package init(path: String) throws(TransportError) {
        keys = []
        let lines = try readKeyFile(path).split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let word = words.first, word != "#" else { continue }
            guard let key = CurvePublicKey(z85: String(word)) else {
                throw TransportError.badKey(
                    "\(path):\(number + 1): '\(word)' is not a public key: 40 characters of Z85 are expected")
            }
            keys.insert(key)
        }
        guard !keys.isEmpty else {
            throw TransportError.badKey(
                "\(path): no key is listed, so nobody could connect; add the .pub of each worker")
        }
    }
}

/// A secret of text, such as people show in a browser.
package enum SecretFile {
    /// Reads the secret in the file, after making one where there is no file. Refuses one that others could have read.
    package static func readOrMake(_ path: String) throws(TransportError) -> String {
        if access(path, F_OK) != 0 {
            var bytes = [UInt8](repeating: 0, count: 32)
            guard getentropy(&bytes, bytes.count) == 0 else { throw systemError(path, "draw a secret") }
            do throws(FileError) { try Directory.make(Path.folder(of: path)) } catch { throw .badKey("\(error)") }
            let digits = bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
            try create(path, mode: 0o600, text: digits.joined() + "\n")
        }
        try demandPrivate(path, mode: 0o600)
        let secret = try readKeyFile(path).trimmingCharacters(in: .whitespacesAndNewlines)
        guard secret.utf8.count >= 16, secret.utf8.allSatisfy({ isalnum(Int32($0)) != 0 }) else {
            throw .badKey(
                "\(path): no token, which has 16 letters and digits or more; remove it to have one made")
        }
        return secret
    }
}

// MARK: Files

private func systemError(_ path: String, _ what: String) -> TransportError {
    .badKey("\(path): cannot \(what): \(String(cString: strerror(errno)).lowercased())")
}

private func makeDirectory(of path: String) throws(TransportError) {
    let directory = Path.folder(of: path)
    do throws(FileError) { try Directory.make(Path.folder(of: directory)) } catch { throw .badKey("\(error)") }
    if mkdir(directory, 0o700) == 0 { return }
    guard errno == EEXIST else { throw systemError(directory, "make the directory") }
    try demandPrivate(directory, mode: 0o700)
}

private func demandPrivate(_ path: String, mode: mode_t) throws(TransportError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw systemError(path, "read") }
    guard status.st_mode & 0o077 == 0 else {
        throw TransportError.badKey("\(path): others may read it; run: chmod \(String(mode, radix: 8)) \(path)")
    }
}

/// Creates a file whole or not at all, and only where there is none.
private func create(_ path: String, mode: mode_t, text: String) throws(TransportError) {
    let temporary = "\(path).\(getpid()).tmp"
    defer { unlink(temporary) }
    do throws(FileError) {
        try Disk.open(temporary, O_EXCL, mode: mode, as: path) { file throws(FileError) in
            guard fchmod(file.descriptor, mode) == 0 else { throw FileError(.write, path) }
            try file.write(Array(text.utf8))
            try file.synchronize()
        }
    } catch {
        throw .badKey("\(error)")
    }
    guard link(temporary, path) == 0 else {
        guard errno == EEXIST else { throw systemError(path, "write") }
        throw TransportError.badKey("\(path): exists already, and a key is never overwritten; choose another name")
    }
}

/// Reads a small text file; one that is larger than any list of keys is refused.
private func readKeyFile(_ path: String) throws(TransportError) -> String {
    guard let file = fopen(path, "re") else { throw systemError(path, "read") }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    guard ferror(file) == 0 else { throw systemError(path, "read") }
    guard count < bytes.count else { throw TransportError.badKey("\(path): too large for a file of keys") }
    guard let text = String(validating: bytes.prefix(count), as: UTF8.self) else {
        throw TransportError.badKey("\(path): not a file of keys")
    }
    return text
}

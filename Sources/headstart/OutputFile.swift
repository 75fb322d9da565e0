import Foundation

/// A file that a command is to write.
enum OutputFile {
    /// Refuses what must not be replaced: the command's own input, and all that is no plain file.
    static func check(_ path: String, besides input: String) throws(BadRequest) {
        guard path != "-" else { throw BadRequest("--out -: name a file; one that is called so is ./-") }
        var (output, source) = (stat(), stat())
        guard stat(path, &output) == 0 else { return }
        guard output.st_mode & S_IFMT == S_IFREG else {
            throw BadRequest("--out \(path): is no plain file; name one that may be written")
        }
        guard stat(input == "-" ? "/dev/stdin" : input, &source) == 0 else { return }
        guard (output.st_dev, output.st_ino) != (source.st_dev, source.st_ino) else {
            throw BadRequest("--out \(path): is the input itself; name another file")
        }
    }
}

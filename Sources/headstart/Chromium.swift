import Files
import Foundation

/// The browser that prints documents.
struct Chromium {
    private let program: String

    /// Seconds that a document may take.
    private static let patience = 300

    init() throws {
        let names = ["chromium", "chromium-browser", "google-chrome"]
        guard let found = names.first(where: { capture($0, ["--version"]) != nil }) else {
            throw BadRequest("Chromium is not installed, and --format pdf needs it: apt-get install chromium")
        }
        program = found
    }

    /// Prints a document into a file, which is whole or not there.
    func print(_ document: String, to path: String) throws {
        let folder = "\(NSTemporaryDirectory())headstart-\(getpid())-\(UUID().uuidString)"
        try Directory.make(folder)
        defer { do throws(FileError) { try Directory.remove(folder) } catch { Screen.complain("\(error)") } }
        let (page, printed) = ("\(folder)/report.html", "\(folder)/report.pdf")
        try AtomicFile.write(Data(document.utf8), to: page, isDurable: false)
        let words = [
            // The page is our own; in a container there is nothing to build a sandbox of.
            "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
            "--user-data-dir=\(folder)/profile", "--print-to-pdf=\(printed)",
            URL(fileURLWithPath: page).absoluteString,
        ]
        do {
            _ = try output(of: "timeout", ["--kill-after=5", "\(Self.patience)", program] + words)
        } catch {
            throw WorkFailed("\(path): \(program) could not print it within \(Self.patience) s: \(error)")
        }
        guard Disk.isPlainFile(printed) else { throw WorkFailed("\(path): \(program) printed nothing") }
        try AtomicFile.copy(printed, to: path)
    }
}

import Files
import Foundation

/// Why something could not be fetched, in one line that says what to do.
package struct DownloadError: Error, CustomStringConvertible, Hashable, Sendable {
    package enum Cause: Hashable, Sendable {
        /// What was asked for cannot be had as it was asked for.
        case request
        /// It went wrong on the way.
        case failure
        /// Somebody wanted it to end.
        case stopped
    }

    package let cause: Cause
    package let description: String

    package init(_ cause: Cause, _ description: String) {
        self.cause = cause
        self.description = description
    }

    static let goesOn = "the same command goes on where it stopped"

    /// What an outcome means that no wait mends.
    /// - Parameters:
    ///   - url: where we were, for what nobody answered.
    ///   - explain: what a server's refusal means, by status.
    init(_ outcome: HTTPOutcome, of url: String, tries: Int, explain: (HTTPHead) -> DownloadError?) {
        let host = url.split(separator: "/").dropFirst().first.map(String.init) ?? url
        switch outcome {
        case .answered(let head):
            self = explain(head) ?? Self(refusal: head, of: host, url, tries)
        case .unreachable(let problem):
            self.init(
                .failure,
                "\(host) cannot be reached (\(problem)); is this machine online, and does it need a proxy (https_proxy)?"
            )
        case .untrusted(let problem):
            self.init(
                .failure,
                "\(host) could not be trusted (\(problem)); is the clock right, are certificates installed "
                    + "(ca-certificates), or does a proxy stand between, whose certificate SSL_CERT_FILE can name?")
        case .cut(let problem):
            let times = tries > 1 ? " \(tries) times in a row" : ""
            self.init(.failure, "\(host) broke off\(times) (\(problem)); \(Self.goesOn)")
        case .refused(let problem): self.init(.failure, "\(url): \(problem)")
        case .missingLibrary:
            self.init(.failure, "there is no libcurl on this machine; apt-get install libcurl4 brings it")
        }
    }

    private init(refusal head: HTTPHead, of host: String, _ url: String, _ tries: Int) {
        let times = tries > 1 ? ", \(tries) times in a row" : ""
        switch head.status {
        case 404: self.init(.request, "\(url): there is no such file (404)")
        case 429:
            let wait = head.retryAfter(now: Date()).map { "in \(Int(min($0, 1e9).rounded(.up))) s" } ?? "later"
            self.init(.failure, "\(host) has had too many requests (429\(times)); try again \(wait)")
        case 500...: self.init(.failure, "\(host) is in trouble (\(head.status)\(times)); try again later")
        default: self.init(.failure, "\(url): the server answers \(head.status)")
        }
    }
}

/// What a fetch tells while it runs.
package protocol DownloadObserver: AnyObject {
    /// Whether to end.
    var shouldStop: Bool { get }
    /// - Parameter whole: nil where the server does not say.
    func progressed(_ name: String, byteCount: Int, of whole: Int?)
    /// Something that a person would like to know; the work goes on.
    func noted(_ sentence: String)
}

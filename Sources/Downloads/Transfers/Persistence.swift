import Foundation

/// Asks a server again for as long as that may help.
struct Persistence {
    /// How one try ended.
    enum Attempt {
        case done
        /// What had come was not of use; another try begins from nothing.
        case anew
        case failed(HTTPOutcome, progressed: Bool)
    }

    let url: String
    /// What people call what is asked for.
    let name: String

    /// - Parameter explain: what a server's refusal means.
    func run(
        _ observer: any DownloadObserver, explain: (HTTPHead) -> DownloadError?,
        _ attempt: () throws -> Attempt
    ) throws {
        var patience = Patience()
        while true {
            switch try attempt() {
            case .done: return
            case .anew: continue
            case .failed(let outcome, let progressed):
                switch patience.decide(after: outcome, progressed: progressed, now: Date()) {
                case .wait(let seconds):
                    observer.noted("\(name): \(why(outcome)); asking again in \(duration(seconds))")
                    try observer.sleep(seconds)
                case .giveUp:
                    throw DownloadError(outcome, of: url, tries: patience.failures, explain: explain)
                }
            }
        }
    }

    private func why(_ outcome: HTTPOutcome) -> String {
        switch outcome {
        case .answered(let head):
            head.status == 429 ? "too many requests (429)" : "the server answers \(head.status)"
        case .cut(let problem), .unreachable(let problem), .untrusted(let problem), .refused(let problem): problem
        case .missingLibrary: "there is no libcurl"
        }
    }

    private func duration(_ seconds: Double) -> String { seconds < 1 ? "a moment" : "\(Int(seconds.rounded(.up))) s" }
}

extension DownloadObserver {
    /// - Throws: where somebody wants to end.
    func check() throws {
        if shouldStop { throw DownloadError(.stopped, "stopped; \(DownloadError.goesOn)") }
    }

    /// Waits, and ends at once where somebody wants that.
    func sleep(_ seconds: Double) throws {
        let end = Date().addingTimeInterval(seconds)
        repeat {
            try check()
            usleep(50_000)
        } while Date() < end
    }
}

import Experiments
import Files
import Foundation
import Ledger
import Messages
import Pages
import Synchronization

/// What the jobs of a site come to: it reads the store and asks its coordinator, on threads that may wait.
final class Backstage: Sendable {
    typealias Ask = @Sendable (Request) throws -> Reply?

    private let store: String
    private let ask: Ask
    private let hasCommands: Bool
    /// What the coordinator told at the last look. Pages and metrics are made of that, so that none waits for a coordinator
    /// that is slow to answer.
    private let forecasting: Forecasting
    private let report = Mutex<(report: CoordinatorReport?, at: ContinuousClock.Instant)?>(nil)
    /// Opened when there is something to open: a sweep that begins makes its ledger after the server.
    private let opened = Mutex<StorePages?>(nil)

    /// - Parameters:
    ///   - ask: asks the store's coordinator; nil where there is none.
    ///   - hasCommands: whether pages offer commands.
    init(store: String, hasCommands: Bool, forecasting: @escaping Forecasting, ask: @escaping Ask) {
        self.store = store
        self.hasCommands = hasCommands
        self.forecasting = forecasting
        self.ask = ask
    }

    func perform(_ job: Site.Job) -> Site.Outcome {
        switch job {
        case .look: .looked(Result { () throws(Refusal) in try look() })
        case .make(let target, let version): .made(target, version: version, page(at: target, version))
        case .metrics(let id): .measured(id, metrics())
        case .command(let form, let id, let isForBrowser): .commanded(id, obey(form, isForBrowser: isForBrowser))
        }
    }

    private func look() throws(Refusal) -> String {
        refreshReport()
        return try reading { try Digest(of: open().version().utf8).short }
    }

    private func refreshReport() {
        var answer: CoordinatorReport?
        // Whoever cannot be asked tells nothing.
        do { if case .status(let report)? = try ask(.status) { answer = report } } catch {}
        report.withLock { $0 = (answer, .now) }
    }

    private func page(at target: RequestTarget, _ version: String) -> HTTPResponse {
        response {
            guard let page = try open().page(at: target.path, query: target.query) else {
                throw Refusal(.notFound, "There is no such page. The first one is at /.")
            }
            return ServerPage.response(page, at: target, version: version, hasCommands: hasCommands)
        }
    }

    private func metrics() -> HTTPResponse {
        response {
            let age = report.withLock { $0?.at.duration(to: .now) }
            if age ?? .seconds(60) > .seconds(2) { refreshReport() }
            let metrics = Metrics(
                tallies: try open().tallies(), report: report.withLock { $0?.report },
                freeBytes: Disk.freeBytes(at: store))
            return HTTPResponse(type: Metrics.type, Array(metrics.text.utf8))
        }
    }

    private func obey(_ form: CommandForm, isForBrowser: Bool) -> HTTPResponse {
        response {
            let sentence: String
            switch try ask(form.request) {
            case .done(let count)?: sentence = "\(form.change): \(counted(count, "stage"))."
            case .refused(let reason)?: throw Refusal(.conflict, "The coordinator refuses: \(reason)")
            case nil: throw Refusal(.unavailable, "No coordinator works on the store, so nothing can be commanded.")
            default: throw Refusal(.internalError, "The coordinator gave another answer.")
            }
            return isForBrowser
                ? ServerPage.leading(to: form.page, title: "Done", sentence) : HTTPResponse(.ok, sentence)
        }
    }

    private func open() throws -> StorePages {
        try opened.withLock { opened in
            if let opened { return opened }
            let report: @Sendable () throws -> CoordinatorReport? = { [weak self] in
                self?.report.withLock { $0?.report }
            }
            let pages = try StorePages(store: URL(filePath: store), report: report, forecasting: forecasting)
            opened = pages
            return pages
        }
    }

    private func response(_ body: () throws -> HTTPResponse) -> HTTPResponse {
        do throws(Refusal) { return try reading(body) } catch { return HTTPResponse(error) }
    }

    private func reading<Value>(_ body: () throws -> Value) throws(Refusal) -> Value {
        do {
            return try body()
        } catch let refusal as Refusal {
            throw refusal
        } catch LedgerError.missing {
            throw Refusal(.unavailable, "No sweep was begun here yet; this page will be there when one is.")
        } catch let error as LedgerError {
            throw Refusal(.unavailable, "The ledger cannot be read: \(error)")
        } catch {
            throw Refusal(.internalError, "This cannot be shown: \(error)")
        }
    }
}

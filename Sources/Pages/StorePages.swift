package import Experiments
package import Foundation

/// Every page of one store, by the path that a browser asks for.
package struct StorePages: Sendable {
    /// - Parameters:
    ///   - store: the folder of the ledger.
    ///   - report: what the coordinator that works on the store tells of itself; nil where none answers.
    package init(store: URL, report: (@Sendable () throws -> CoordinatorReport?)? = nil) throws {}

    /// - Parameters:
    ///   - path: as "/", "/stages/KEY", "/compare", "/search" and "/cluster".
    ///   - query: as ["sweep": "reviews~1", "methods": "a,b"].
    /// - Returns: nil where there is no such page.
    package func page(at path: String, query: [String: String]) throws -> HTMLPage? {
        path == "/" ? HTMLPage(title: "Headstart", main: "<h1>Headstart</h1>") : nil
    }

    /// Changes whenever what pages show would.
    package func version() throws -> String { "" }
}

package import Files

/// Why a store cannot be used. The store is as it was before.
package enum LedgerError: Error, CustomStringConvertible, Sendable {
    case missing(store: String)
    case foreign(path: String)
    case otherVersion(path: String, found: Int, expected: Int)
    case corrupt(path: String, detail: String)
    /// Another coordinator works on the store.
    case inUse(store: String, holder: String)
    case diskFull(path: String)
    case file(FileError)
    /// The database refused an operation.
    case database(path: String, detail: String)

    package init(_ error: FileError) { self = error.isDiskFull ? .diskFull(path: error.path) : .file(error) }

    package var description: String {
        switch self {
        case .missing(let store):
            "\(store): no ledger here; give the directory that 'run' or 'coordinator' was given as --store"
        case .foreign(let path):
            "\(path): not a ledger of headstart; choose another --store or move the file away"
        case .otherVersion(let path, let found, let expected):
            "\(path): a ledger of version \(found), but this program reads version \(expected); "
                + "use the program that wrote it, or choose another --store"
        case .corrupt(let path, let detail):
            "\(path): damaged (\(detail)); restore it from a copy, or move it away and start again: "
                + "finished stages are then computed anew"
        case .inUse(let store, let holder):
            "\(store): in use by another coordinator (process \(holder)); stop it first, or choose another --store"
        case .diskFull(let path):
            "\(path): the disk is full; free some space and start again, finished work is kept"
        case .file(let error): error.description
        case .database(let path, let detail): "\(path): \(detail)"
        }
    }
}

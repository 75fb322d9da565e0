import GRDB

/// Statements are prepared once for as long as the ledger is open.
extension Database {
    func run(_ sql: String, _ values: (any DatabaseValueConvertible)?...) throws {
        try cachedStatement(sql: sql).execute(arguments: StatementArguments(values))
    }

    /// Reads the first row of what is asked; nil where there is none.
    func first<Value>(
        _ sql: String, _ values: (any DatabaseValueConvertible)?..., read: (Row) throws -> Value
    ) throws -> Value? {
        let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: StatementArguments(values))
        return try rows.next().map(read)
    }

    /// The first number of what is asked.
    func number(_ sql: String, _ values: (any DatabaseValueConvertible)?...) throws -> Int64? {
        try Int64.fetchOne(cachedStatement(sql: sql), arguments: StatementArguments(values))
    }

    /// Hands on each row of what is asked; none of them is kept.
    func each(
        _ sql: String, _ values: [(any DatabaseValueConvertible)?] = [], _ body: (Row) throws -> Void
    ) throws {
        let rows = try Row.fetchCursor(makeStatement(sql: sql), arguments: StatementArguments(values))
        while let row = try rows.next() { try body(row) }
    }
}

extension Row {
    /// What a damaged ledger may miss.
    func at<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ column: Int) throws -> Value {
        guard let value = self[column] as Value? else { throw damage("a row misses its column \(column)") }
        return value
    }
}

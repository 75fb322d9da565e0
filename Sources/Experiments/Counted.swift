/// "1 seed", "2 seeds"; with a plural of its own "1 search", "2 searches".
package func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count) \(count == 1 ? one : many ?? "\(one)s")"
}

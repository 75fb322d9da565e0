import CProcesses

/// The memory that the language's own values live in.
package enum Heap {
    /// Keeps to few addresses where the system limits them: all threads share one heap. To be called before the first
    /// thread, for threads that are there have theirs.
    package static func shareWhereLimited() { cprocesses_share_heap_where_limited() }
}

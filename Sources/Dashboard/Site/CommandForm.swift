import Experiments
import Messages

/// A command as a form of a page sends it.
struct CommandForm: Sendable {
    let request: Request
    /// What is said once it is done.
    let change: String
    /// The page that it was sent from.
    let page: String

    static let names = ["pause", "resume", "cancel", "retry", "priority"]

    /// - Parameter name: the last name of the path.
    init(_ name: String, _ request: HTTPRequest) throws(Refusal) {
        guard Self.names.contains(name) else {
            throw Refusal(.notFound, "There is no such command; there are \(Self.names.joined(separator: ", ")).")
        }
        let type = (request.fields["content-type"] ?? "").prefix { $0 != ";" }
        guard type == "application/x-www-form-urlencoded" else {
            throw Refusal(.unsupportedMediaType, "Send the command as application/x-www-form-urlencoded.")
        }
        var fields = try formFields(request.body)
        page = fields.removeValue(forKey: "page").flatMap(Self.ownPage) ?? "/"
        // A page's form has one form for all commands, and so a priority with each.
        let priority = fields.removeValue(forKey: "priority")
        let stages = try Self.selector(fields)
        switch name {
        case "pause": (self.request, change) = (.pause(stages), "Paused")
        case "resume": (self.request, change) = (.resume(stages), "Resumed")
        case "cancel": (self.request, change) = (.cancel(stages), "Cancelled")
        case "retry": (self.request, change) = (.retry(stages), "To run again")
        default:
            let priority = try Self.priority(priority)
            (self.request, change) = (.priority(stages, priority), "Priority \(priority)")
        }
    }

    private static func selector(_ fields: [String: String]) throws(Refusal) -> StageSelector {
        var selector = StageSelector()
        for (name, value) in fields {
            switch name {
            case "sweep": selector.sweep = value
            case "task": selector.task = value
            case "method": selector.method = value
            case "key": selector.key = value
            case "all": break
            case "seed":
                guard let seed = UInt64(value) else {
                    throw Refusal(.badRequest, "seed: '\(value)' is not a number from 0 on.")
                }
                selector.seed = seed
            case "state":
                guard let state = StageState(rawValue: value) else {
                    let states = StageState.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Refusal(.badRequest, "state: a stage is never '\(value)'; there are \(states).")
                }
                selector.state = state
            default:
                throw Refusal(
                    .badRequest,
                    "A command has no field '\(name)'; there are key, sweep, task, method, seed, state, all and page.")
            }
        }
        // Nobody means all stages of a sweep who has filled in nothing.
        var narrower = selector
        narrower.sweep = nil
        guard (fields["all"] != nil) == (narrower == .all) else {
            throw Refusal(.badRequest, "Say which stages: by key, task, method, seed or state, or all of them.")
        }
        return selector
    }

    private static func priority(_ text: String?) throws(Refusal) -> Int {
        guard let priority = text.flatMap({ Int($0) }) else {
            throw Refusal(.badRequest, "priority: '\(text ?? "")' is not a number, as 5 or -1.")
        }
        return priority
    }

    /// - Returns: nil for what is not a path of this server.
    private static func ownPage(_ text: String) -> String? {
        do throws(Refusal) { return try RequestTarget(Array(text.utf8)).description } catch { return nil }
    }
}

/// Sentences that praise or blame. A negation turns a judgement round, and of two judgements the one that is not
/// conceded counts, so the words alone do not tell.
struct DemoReviews: DemoGrammar {
    private let subjects = [
        "the soup", "the room", "the film", "the concert", "the service", "the garden", "the lecture", "the journey",
        "the bread", "the music", "the waiter", "the view", "the story", "the breakfast", "the guide", "the museum",
    ]
    private let praises = [
        "lovely", "excellent", "friendly", "delightful", "superb", "charming", "splendid", "pleasant", "wonderful",
    ]
    private let reproaches = [
        "dreadful", "boring", "rude", "bland", "dirty", "awful", "disappointing", "noisy", "miserable",
    ]
    private let degrees = ["", "rather ", "quite ", "really ", "truly "]

    func text(_ isTrue: Bool, _ draws: inout Draws) -> String {
        let (first, second) = draws.two(of: subjects)
        let judgement = clause(first, isTrue, &draws)
        let concession = clause(second, !isTrue, &draws)
        return switch draws.below(5) {
        case 0: "although \(concession), \(judgement)."
        case 1: "\(concession), but \(judgement)."
        case 2: "\(judgement), even though \(concession)."
        default: "\(judgement)."
        }
    }

    private func clause(_ subject: String, _ isPraise: Bool, _ draws: inout Draws) -> String {
        let said = draws.one(of: isPraise ? praises : reproaches)
        let denied = draws.one(of: isPraise ? reproaches : praises)
        let degree = draws.one(of: degrees)
        return switch draws.below(5) {
        case 0: "\(subject) was not \(degree)\(denied)"
        case 1: "nobody would call \(subject) \(denied)"
        default: "\(subject) was \(degree)\(said)"
        }
    }
}

/// One fact or two, and a sentence that follows from them or not, in the same words or others. What does not follow
/// says something new, or mixes the two facts up, so that sharing words is not enough.
struct DemoFacts: DemoGrammar {
    private struct Fact {
        var person: String
        var verb: String
        var color: String
        var thing: String

        var sentence: String { "\(person) \(verb) the \(color) \(thing)" }
    }

    private let people = ["Anna", "Boris", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Irene", "Jonas"]
    /// Each with a word that means the same.
    private let verbs = [
        ("bought", "purchased"), ("repaired", "fixed"), ("found", "discovered"), ("hid", "concealed"),
        ("broke", "smashed"), ("cleaned", "washed"),
    ]
    private let colors = ["red", "green", "blue", "yellow", "black", "white"]
    private let things = ["car", "lamp", "bicycle", "chair", "boat", "clock", "bag", "phone", "table", "ladder"]
    private let places = ["", " in the morning", " at the station", " last week", " near the river"]

    func text(_ isTrue: Bool, _ draws: inout Draws) -> String {
        let (first, second) = facts(&draws)
        let hasTwo = draws.below(5) < 2
        var premise = "\(first.sentence)\(draws.one(of: places))"
        if hasTwo { premise += " and \(second.sentence)\(draws.one(of: places))" }
        let (fact, other) = hasTwo && draws.below(2) == 1 ? (second, first) : (first, second)
        var claim = fact
        if draws.below(2) == 0 { claim.verb = verbs.first { $0.0 == fact.verb }?.1 ?? fact.verb }
        if !isTrue { falsify(&claim, of: fact, mixing: hasTwo ? other : nil, &draws) }
        return "\(premise).\t\(claim.sentence)."
    }

    private func facts(_ draws: inout Draws) -> (Fact, Fact) {
        let people = draws.two(of: people)
        let verbs = draws.two(of: verbs)
        let colors = draws.two(of: colors)
        let things = draws.two(of: things)
        return (
            Fact(person: people.0, verb: verbs.0.0, color: colors.0, thing: things.0),
            Fact(person: people.1, verb: verbs.1.0, color: colors.1, thing: things.1)
        )
    }

    private func falsify(_ claim: inout Fact, of fact: Fact, mixing other: Fact?, _ draws: inout Draws) {
        switch draws.below(6) {
        case 0: claim.person = other?.person ?? draws.one(of: people.filter { $0 != fact.person })
        case 1: claim.person = draws.one(of: people.filter { $0 != fact.person })
        case 2: claim.color = draws.one(of: colors.filter { $0 != fact.color })
        case 3: claim.verb = draws.one(of: verbs.map(\.0).filter { $0 != fact.verb })
        default: claim.thing = draws.one(of: things.filter { $0 != fact.thing })
        }
    }
}

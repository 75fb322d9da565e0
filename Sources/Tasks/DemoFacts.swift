/// Two facts, and a third sentence that follows from them or not. What does not follow says something new, or mixes the
/// two facts up, so that sharing words is not enough.
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
        let (firstPerson, secondPerson) = draws.two(of: people)
        let (firstVerb, secondVerb) = draws.two(of: verbs)
        let (firstColor, secondColor) = draws.two(of: colors)
        let (firstThing, secondThing) = draws.two(of: things)
        let facts = [
            Fact(person: firstPerson, verb: firstVerb.0, color: firstColor, thing: firstThing),
            Fact(person: secondPerson, verb: secondVerb.0, color: secondColor, thing: secondThing),
        ]
        let premise = "\(facts[0].sentence)\(draws.one(of: places)) and \(facts[1].sentence)\(draws.one(of: places))."
        let chosen = draws.below(2)
        var claim = facts[chosen]
        if draws.below(2) == 0 { claim.verb = chosen == 0 ? firstVerb.1 : secondVerb.1 }
        if !isTrue { falsify(&claim, by: facts[1 - chosen], &draws) }
        return "\(premise)\t\(claim.sentence)."
    }

    private func falsify(_ claim: inout Fact, by other: Fact, _ draws: inout Draws) {
        switch draws.below(6) {
        case 0: claim.person = other.person
        case 1: claim.thing = other.thing
        case 2: claim.verb = other.verb
        case 3: claim.person = draws.one(of: people.filter { $0 != claim.person })
        case 4: claim.thing = draws.one(of: things.filter { $0 != claim.thing })
        default: claim.color = draws.one(of: colors.filter { $0 != claim.color })
        }
    }
}

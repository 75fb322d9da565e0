import Numerics

/// One random choice after the other, for one example of a demo task.
struct Draws {
    private let random: CounterRandom
    private var position = 0

    init(example: Int, of task: Int) {
        random = CounterRandom(seed: 0, purpose: RandomPurpose(rawValue: 0x2_0000), step: task, example: example)
    }

    /// An integer from 0 up to, but not including `bound`.
    mutating func below(_ bound: Int) -> Int {
        defer { position += 1 }
        return random.below(bound, position)
    }

    mutating func one<Element>(of choices: [Element]) -> Element { choices[below(choices.count)] }

    /// Two different elements.
    mutating func two<Element>(of choices: [Element]) -> (Element, Element) {
        let first = below(choices.count)
        let second = (first + 1 + below(choices.count - 1)) % choices.count
        return (choices[first], choices[second])
    }
}

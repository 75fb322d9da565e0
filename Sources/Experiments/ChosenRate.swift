/// A learning rate that the search of another method finds: `chosen(finetune, else=2e-5)`.
package struct ChosenRate: Hashable, Sendable {
    /// The method that searches.
    package let method: String
    /// The rate where nothing is searched.
    package let otherwise: Double
}

extension ChosenRate: Spelled {
    package init(spelled text: String) throws(SpellingError) {
        let call = try SpelledCall(text)
        guard call.name == "chosen" else { throw SpellingError() }
        let arguments = try call.arguments(["method", "else"])
        guard let method = arguments["method"] else {
            throw SpellingError("'chosen' needs the method whose search it means, as chosen(finetune, else=2e-5)")
        }
        self.method = method
        otherwise = try arguments.number("else", of: "chosen", "a number above 0, for want of a search") { $0 > 0 }
    }

    package var description: String { "chosen(\(method), else=\(otherwise))" }
}

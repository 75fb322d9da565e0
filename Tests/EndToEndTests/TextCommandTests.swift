import Foundation
import Safetensors
import Testing

struct TextCommandTests {
    private struct Tokens: Decodable, Equatable {
        let ids: [Int32]
        let tokens: [String]
    }

    @Test func `tokenize answers each line, empty ones and Windows ends included`() throws {
        let shop = try Workshop()
        let file = try shop.write("the cat\r\n\ngood", to: "texts.txt")
        let outcome = try shop.run("tokenize", "--model", shop.model, "--input", file)
        let lines = try outcome.lines.map { try JSONDecoder().decode(Tokens.self, from: Data($0.utf8)) }
        #expect(
            lines.map(\.tokens) == [
                ["[CLS]", "the", "cat", "[SEP]"], ["[CLS]", "[SEP]"], ["[CLS]", "good", "[SEP]"],
            ])
        #expect(lines[0].ids == [2, 5, 7, 3])
    }

    @Test func `pairs have a tab between, and long ones are cut`() throws {
        let shop = try Workshop()
        let file = try shop.write("the cat runs and sings\ta dog\n", to: "pairs.txt")
        let outcome = try shop.run("tokenize", "--model", shop.model, "--input", file, "--pairs", "--max-length", "8")
        #expect(
            try outcome.lastJSON(Tokens.self).tokens == [
                "[CLS]", "the", "cat", "runs", "[SEP]", "a", "dog", "[SEP]",
            ])
    }

    @Test func `a text has the same vector whatever it is encoded with`() throws {
        let shop = try Workshop()
        let texts = (0..<200).map {
            "the \(["cat", "dog", "bird"][$0 % 3]) sings" + String(repeating: " and runs", count: $0 % 7)
        }
        try shop.write(texts.joined(separator: "\n"), to: "many")
        try shop.write(texts[150], to: "one")
        for name in ["many", "one"] {
            let outcome = try shop.run("encode", "--model", shop.model, "--input", name, "--out", "\(name).safetensors")
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let all = try #require(try SafetensorsFile(path: shop.path("many.safetensors")).tensor(named: "features"))
        let single = try #require(try SafetensorsFile(path: shop.path("one.safetensors")).tensor(named: "features"))
        #expect(all.shape == [200, 32] && single.shape == [1, 32])
        let row = try #require(all.floats())[150 * 32..<151 * 32]
        // Products over many rows and over few round differently.
        for (left, right) in zip(row, try #require(single.floats())) { #expect(abs(left - right) < 1e-4) }
    }

    @Test(
        arguments: [
            ("bytes", [0x67, 0x6f, 0x0a, 0xff, 0xfe, 0x0a], ":2: the line is not valid UTF-8"),
            ("nothing", [], "is empty"),
            ("no tab", [0x67, 0x6f, 0x0a], ":1: a pair is two texts with a tab between"),
        ] as [(String, [UInt8], String)])
    func `an unreadable input file is named with its line`(_ name: String, _ bytes: [UInt8], _ message: String) throws {
        let shop = try Workshop()
        try Data(bytes).write(to: URL(fileURLWithPath: shop.path("input")))
        let arguments = ["tokenize", "--model", shop.model, "--input", shop.path("input")]
        let outcome = try Program.run(arguments + (name == "no tab" ? ["--pairs"] : []))
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }
}

import Configuration
import Experiments
import Testing

/// What the catalog of methods tells people.
struct MethodDescriptionTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func `a method says what it does, where it comes from, and what its stages are given`() throws {
        try fixture.write(
            "methods.yaml",
            """
            # Shared by both.
            first:
              about: A head, and then all of it.
              source: Somebody 2020, equation 3
              stages:
                - &head { name: decoder, tune: head, lr: 4e-4 }
                - { tune: "lora(r=4, modules=query+value)", l1: "0.1", from: { head: decoder } }
            second: [*head]
            third: { about: "One: stage", tune: bitfit, lr: 5e-4 }
            fourth: { like: third, lr: 1e-3 }
            """)
        let catalog = try fixture.catalogs().methods
        #expect(catalog.descriptions.map(\.name) == ["first", "second", "third", "fourth"])
        let first = try catalog.description(of: "first")
        #expect(first.about == "A head, and then all of it." && first.source == "Somebody 2020, equation 3")
        #expect(
            first.stages.map { $0.map { "\($0.key)=\($0.value)" } } == [
                ["tune=head", "name=decoder", "lr=0.0004"],
                ["tune=lora(r=4, alpha=16, dropout=0, modules=query+value)", "from=head: decoder", "l1=0.1"],
            ])
        #expect(
            first.yaml == """
                first:
                  - { name: decoder, tune: head, lr: 4e-4 }
                  - { tune: "lora(r=4, modules=query+value)", l1: "0.1", from: { head: decoder } }
                """)
        #expect(try catalog.description(of: "second").yaml == "second:\n  - { name: decoder, tune: head, lr: 4e-4 }")
        let third = try catalog.description(of: "third")
        #expect(third.about == "One: stage" && third.source == nil && third.yaml == "third: { tune: bitfit, lr: 5e-4 }")
        #expect(try catalog.description(of: "fourth").stages.map { $0.map(\.value) } == [["bitfit", "0.001"]])
        #expect(fixture.told { _ = try catalog.description(of: "thrid") }.contains("did you mean 'third'?"))
    }

    @Test func `words about a method make no other stage of it`() throws {
        let told = "{ about: Something., source: Someone, tune: bitfit, lr: 1e-3 }"
        let plan = try fixture.plan(
            fixture.read(sweep(methods: "{ a: \(told), b: { tune: bitfit, lr: 1e-3 }, c: { like: a, about: As a. } }")))
        #expect(Set(plan.rows.filter { $0.seed == 1 && $0.task == "cb" }.map(\.stages)).count == 1)
        #expect(
            fixture.complaint(sweep(methods: "{ a: { tune: all, about: [x] } }")).hasSuffix(
                "'about' must be one word or text"))
    }

    @Test func `every shipped method says what it does and where it comes from, and is what its YAML says`() throws {
        let shipped = try Catalogs.read(
            program: nil, environment: ["HEADSTART_CONFIGS": ShippedConfigurationTests.configs]
        ).methods.descriptions
        #expect(shipped.count > 40)
        for method in shipped {
            #expect(method.about?.hasSuffix(".") == true && method.source?.isEmpty == false, "\(method.name)")
            try fixture.write("methods.yaml", method.yaml)
            let read = try fixture.catalogs().methods.description(of: method.name)
            #expect(read.stages == method.stages && read.yaml == method.yaml, "\(method.yaml)")
        }
    }
}

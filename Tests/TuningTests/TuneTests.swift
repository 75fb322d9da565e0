import Encoders
import Experiments
import Testing
import Tuning

struct TuneTests {
    private func parameter(_ role: Parameter.Role, _ place: Parameter.Place) -> Parameter {
        Parameter(name: "p", shape: [1], role: role, place: place)
    }

    @Test func `tuning all moves everything`() {
        for role in [Parameter.Role.embedding, .matrix, .bias, .normWeight, .normBias] {
            #expect(Tune.all.moves(parameter(role, .layer(0))))
        }
    }

    @Test func `tuning the head leaves the backbone alone`() {
        #expect(!Tune.head.moves(parameter(.matrix, .layer(3))))
        #expect(!Tune.head.moves(parameter(.bias, .embeddings)))
        #expect(Tune.head.moves(parameter(.matrix, .head)))
    }

    @Test func `bitfit moves every bias of the encoder and the whole head`() {
        #expect(Tune.bitfit.moves(parameter(.bias, .layer(1))))
        #expect(Tune.bitfit.moves(parameter(.normBias, .embeddings)))
        #expect(!Tune.bitfit.moves(parameter(.normWeight, .layer(1))))
        #expect(!Tune.bitfit.moves(parameter(.matrix, .layer(1))))
        #expect(!Tune.bitfit.moves(parameter(.embedding, .embeddings)))
        #expect(Tune.bitfit.moves(parameter(.matrix, .head)))
    }

    @Test func `each choice says what it leaves of the backbone`() {
        #expect(Tune.all.backboneArtifact == .backbone)
        #expect(Tune.head.backboneArtifact == nil)
        #expect(Tune.bitfit.backboneArtifact == .delta)
    }
}

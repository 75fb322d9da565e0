import Experiments
import Files
import Reports
import Testing

struct EventFileTests {
    private static let key = StageKey(rawValue: Digest(of: [1]))

    private func metrics(
        task: String = "rte", method: String = "eh-ft/2", points: Int = 2, evaluations: [Evaluation] = []
    ) -> StageMetrics {
        var curve = TrainingCurve()
        for step in 0..<points {
            curve.add(
                .init(
                    step: step + 1, loss: 0.7, learningRate: 1e-3, gradientNorm: 2, tokens: 64, seconds: 0.5))
        }
        return StageMetrics(
            task: task, method: method, seed: 3, key: Self.key, startedAt: Timestamp(rawValue: 1_000_500),
            curves: StageCurves(training: curve, evaluations: evaluations))
    }

    private func evaluation(_ step: Int) -> Evaluation {
        Evaluation(
            step: step, epoch: 1, trainingLoss: 0.625,
            scores: [
                Score(split: .dev, metric: .macroF1, value: 0.1), Score(split: .dev, metric: .matthews, value: nil),
            ])
    }

    /// The first is the check value of the catalogues; the others are of RFC 3720, B.4.
    @Test(
        arguments: [
            (Array("123456789".utf8), 0xE306_9283), (Array(repeating: 0, count: 32), 0x8A91_36AA),
            (Array(repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
            (Array((0..<32).reversed()), 0x113F_DB5C), ([], 0),
        ] as [([UInt8], UInt32)])
    func `checksums are those of RFC 3720`(bytes: [UInt8], checksum: UInt32) {
        #expect(CRC32C.checksum(of: bytes) == checksum)
    }

    /// What TensorBoard's own writer makes of an event with the wall time 1.5 and the file version "brain.Event:2".
    @Test func `a frame has the bytes that TensorBoard writes`() {
        let event: [UInt8] =
            [0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x1A, 0x0D] + Array("brain.Event:2".utf8)
        let length: [UInt8] = [0x18, 0, 0, 0, 0, 0, 0, 0]
        #expect(EventFile.frame(event) == length + [0xA3, 0x7F, 0x4B, 0x22] + event + [0x2A, 0x28, 0x64, 0x6C])
    }

    @Test func `an event has step, time and the numbers of its step`() {
        let bytes = EventFile.bytes(of: metrics(points: 1))
        let version: [UInt8] = [0x09] + littleEndian(1000.5.bitPattern) + [0x10, 0x00, 0x1A, 13]
        let header = EventFile.frame(version + Array("brain.Event:2".utf8))
        #expect(bytes.starts(with: header))
        let values = [
            ("train/loss", Float(0.7)), ("train/learning-rate", 1e-3), ("train/gradient-norm", 2),
            ("train/tokens-per-second", 128),
        ].flatMap { tag, value in
            let content = [0x0A, UInt8(tag.utf8.count)] + Array(tag.utf8) + [0x15] + littleEndian(value.bitPattern)
            return [0x0A, UInt8(content.count)] + content
        }
        let event =
            [0x09] + littleEndian(1001.0.bitPattern) + [0x10, 0x01, 0x2A, UInt8(values.count)] + values
        #expect(Array(bytes.dropFirst(header.count)) == EventFile.frame(event))
    }

    @Test func `steps and lengths beyond a byte take more bytes`() {
        let late = metrics(points: 0, evaluations: [evaluation(300)])
        let bytes = EventFile.bytes(of: late)
        #expect(bytes.contains([0x10, 0xAC, 0x02, 0x2A]))
        let long = StageMetrics(
            task: "a", method: "b", seed: 1, key: Self.key, startedAt: Timestamp(rawValue: 0),
            curves: StageCurves(training: TrainingCurve(), evaluations: (1...9).map { _ in evaluation(1) }))
        // 9 times 36 and 21 bytes are 513.
        #expect(EventFile.bytes(of: long).contains([0x10, 0x01, 0x2A, 0x81, 0x04]))
    }

    @Test func `numbers come in the order of steps, with the digits that the ledger has`() {
        let rows = metrics(points: 2, evaluations: [evaluation(1), evaluation(5)]).rows
        #expect(rows.map(\.step) == [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 5, 5])
        #expect(rows.map(\.value).prefix(4) == [0.7, 0.001, 2, 128])
        #expect(rows.map(\.seconds) == Array(repeating: 0.5, count: 6) + Array(repeating: 1, count: 6))
        #expect(
            rows.suffix(2).map { "\($0.split.rawValue)/\($0.metric)" } == [
                "train/loss-since-evaluation", "dev/macro-f1",
            ])
    }

    @Test func `csv has a line for each number`() {
        let key = "\(Self.key)"
        #expect(
            (StageMetrics.header + metrics(task: "a,b", points: 1).csv).split(separator: "\n")
                == [
                    "task,method,seed,key,step,split,metric,value", "\"a,b\",eh-ft/2,3,\(key),1,train,loss,0.7",
                    "\"a,b\",eh-ft/2,3,\(key),1,train,learning-rate,0.001",
                    "\"a,b\",eh-ft/2,3,\(key),1,train,gradient-norm,2.0",
                    "\"a,b\",eh-ft/2,3,\(key),1,train,tokens-per-second,128.0",
                ].map { Substring($0) })
    }

    @Test(arguments: [
        ("rte", "eh-ft/2", "rte/eh-ft/2/seed-3"), ("reviews/1", "bitfit", "reviews-1/bitfit/seed-3"),
        ("..", "a b", "-/a-b/seed-3"), ("/etc", "../x", "-etc/-/x/seed-3"),
    ]) func `a folder's name stays below where it is asked for`(task: String, method: String, folder: String) {
        #expect(EventFile.folder(of: metrics(task: task, method: method)) == folder)
    }

    private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }
}

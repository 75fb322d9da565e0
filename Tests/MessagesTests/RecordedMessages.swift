import Experiments
import Files
import Messages

// One message of each case, and the bytes it has had on the wire since the protocol's version was last raised. Whoever
// must change a line here must raise `protocolVersion`.

let digest = Digest(of: Array("digest".utf8))
private let hex = "0bf474896363505e5ea5e5d6ace8ebfb13a760a409b1fb467d428fc716f9f284"
private let worker = WorkerID(rawValue: "node-3/1")
private let stage = StageKey(rawValue: digest)
private let attempt = Attempt(rawValue: 2)
private let claim = Claim(stage, attempt)
private let node = NodeSettings(ranks: 2, threads: 4, host: "node-3", blasCore: "SkylakeX")
private let head = ArtifactReference(id: ArtifactID(rawValue: digest), kind: .head, byteCount: 3_153_920)
private let scores = [Score(split: .dev, metric: .accuracy, value: 0.75)]
private let task = TaskDefinition(
    name: "rte", train: "train.tsv", dev: "dev.tsv", format: .tsv, text: .name("sentence1"), pair: .name("sentence2"),
    label: .number(4), labels: ["entailment", "not_entailment"], metrics: [.accuracy, .macroF1])
private let assignment = Assignment(
    planned: PlannedStage(
        key: stage,
        specification: StageSpecification(
            backbone: digest, task: digest, recipe: Recipe(), seed: .max,
            inputs: [StageInput(kind: .head, from: stage)]),
        task: "rte", label: "eh-ft/2", outputs: [.backbone]),
    attempt: attempt, model: ModelLocation(name: "minilm", path: "/models/minilm", content: digest), task: task,
    dataDirectory: "/data", inputs: [head])
private let result = StageResult(
    scores: scores, steps: 20, finalLoss: 0.5, tokens: 1000, seconds: 1.5, tokensPerSecond: 640, trainable: 10,
    parameters: digest, artifacts: [head], node: node)

private let manifest: FileManifest = {
    let file = FileManifest.File(name: "config.json", id: head.id, byteCount: 2)
    do { return try FileManifest([file]) } catch { return .empty }
}()

private let curve: TrainingCurve = {
    var curve = TrainingCurve()
    curve.add(.init(step: 1, loss: 0.7, learningRate: 0, gradientNorm: 1.5, tokens: 640, seconds: 0.25))
    curve.add(.init(step: 2, loss: 0.6, learningRate: 2e-5, gradientNorm: 1.25, tokens: 320, seconds: 0.125))
    return curve
}()

let recordedFromWorker: [(FromWorker, String)] = [
    (
        FromWorker(.hello(version: "headstart/9 training/3/4", node: node), from: worker),
        #"{"body":{"hello":{"node":{"blasCore":"SkylakeX","host":"node-3","ranks":2,"threads":4},"version":"headstart/9 training/3/4"}},"worker":"node-3/1"}"#
    ),
    (FromWorker(.ready, from: worker), #"{"body":{"ready":{}},"worker":"node-3/1"}"#),
    (
        FromWorker(
            .heartbeat(
                claim: claim,
                progress: StageProgress(step: 1, steps: 20, loss: 0.5, tokensPerSecond: 640)), from: worker),
        #"{"body":{"heartbeat":{"claim":{"attempt":2,"stage":"\#(hex)"},"progress":{"loss":0.5,"step":1,"steps":20,"tokensPerSecond":640}}},"worker":"node-3/1"}"#
    ),
    (
        FromWorker(.heartbeat(claim: claim, progress: nil), from: worker),
        #"{"body":{"heartbeat":{"claim":{"attempt":2,"stage":"\#(hex)"}}},"worker":"node-3/1"}"#
    ),
    (
        FromWorker(
            .evaluated(
                claim: claim,
                evaluation: Evaluation(step: 10, epoch: 0.5, trainingLoss: 0.625, scores: scores)), from: worker),
        #"{"body":{"evaluated":{"claim":{"attempt":2,"stage":"\#(hex)"},"evaluation":{"epoch":0.5,"scores":[{"metric":"accuracy","split":"dev","value":0.75}],"step":10,"trainingLoss":0.625}}},"worker":"node-3/1"}"#
    ),
    (
        FromWorker(.log(claim: claim, offset: 17, text: "a line\n"), from: worker),
        #"{"body":{"log":{"claim":{"attempt":2,"stage":"\#(hex)"},"offset":17,"text":"a line\n"}},"worker":"node-3/1"}"#
    ),
    (
        FromWorker(.list(content: digest), from: worker),
        #"{"body":{"list":{"content":"\#(hex)"}},"worker":"node-3/1"}"#
    ),
    (
        FromWorker(.fetch(artifact: head.id, offset: 1_048_576), from: worker),
        #"{"body":{"fetch":{"artifact":"\#(hex)","offset":1048576}},"worker":"node-3/1"}"#
    ),
    (
        FromWorker(.offer(claim: claim, artifact: head), from: worker),
        #"{"body":{"offer":{"artifact":{"byteCount":3153920,"id":"\#(hex)","kind":"head"},"claim":{"attempt":2,"stage":"\#(hex)"}}},"worker":"node-3/1"}"#
    ),
    (
        FromWorker(.upload(artifact: head.id, offset: 0), from: worker),
        #"{"body":{"upload":{"artifact":"\#(hex)","offset":0}},"worker":"node-3/1"}"#
    ),
    (
        FromWorker(.finished(claim: claim, result: result), from: worker),
        #"{"body":{"finished":{"claim":{"attempt":2,"stage":"\#(hex)"},"result":{"artifacts":[{"byteCount":3153920,"id":"\#(hex)","kind":"head"}],"finalLoss":0.5,"node":{"blasCore":"SkylakeX","host":"node-3","ranks":2,"threads":4},"parameters":"\#(hex)","scores":[{"metric":"accuracy","split":"dev","value":0.75}],"seconds":1.5,"steps":20,"tokens":1000,"tokensPerSecond":640,"trainable":10}}},"worker":"node-3/1"}"#
    ),
    (
        FromWorker(.failed(claim: claim, failure: StageFailure(.diverged, "the loss is not finite")), from: worker),
        #"{"body":{"failed":{"claim":{"attempt":2,"stage":"\#(hex)"},"failure":{"cause":"diverged","message":"the loss is not finite"}}},"worker":"node-3/1"}"#
    ),
    (
        FromWorker(.curve(claim: claim, curve: curve), from: worker),
        #"{"body":{"curve":{"claim":{"attempt":2,"stage":"\#(hex)"},"curve":[[1,0.7,0,1.5,640,0.25],[2,0.6,2e-05,1.25,320,0.125]]}},"worker":"node-3/1"}"#
    ),
    (FromWorker(.goodbye, from: worker), #"{"body":{"goodbye":{}},"worker":"node-3/1"}"#),
]

let recordedToWorker: [(ToWorker, String)] = [
    (.welcome(heartbeatMilliseconds: 5000), #"{"welcome":{"heartbeatMilliseconds":5000}}"#),
    (.turnedAway(reason: "another version"), #"{"turnedAway":{"reason":"another version"}}"#),
    (.assign(assignment), recordedAssignment),
    (.idle(askAgainMilliseconds: 1000), #"{"idle":{"askAgainMilliseconds":1000}}"#),
    (.dismissed, #"{"dismissed":{}}"#),
    (.renewed(claim: claim), #"{"renewed":{"claim":{"attempt":2,"stage":"\#(hex)"}}}"#),
    (
        .stop(claim: claim, reason: "cancelled"),
        #"{"stop":{"claim":{"attempt":2,"stage":"\#(hex)"},"reason":"cancelled"}}"#
    ),
    (
        .manifest(content: digest, files: manifest),
        #"{"manifest":{"content":"\#(hex)","files":[{"byteCount":2,"id":"\#(hex)","name":"config.json"}]}}"#
    ),
    (
        .unlisted(content: digest, reason: "gone"),
        #"{"unlisted":{"content":"\#(hex)","reason":"gone"}}"#
    ),
    (
        .chunk(artifact: head.id, offset: 0, byteCount: 1_048_576),
        #"{"chunk":{"artifact":"\#(hex)","byteCount":1048576,"offset":0}}"#
    ),
    (.missing(artifact: head.id), #"{"missing":{"artifact":"\#(hex)"}}"#),
    (.received(artifact: head.id, upTo: 1_048_576), #"{"received":{"artifact":"\#(hex)","upTo":1048576}}"#),
    (
        .settled(claim: claim, refusal: nil),
        #"{"settled":{"claim":{"attempt":2,"stage":"\#(hex)"}}}"#
    ),
    (
        .settled(claim: claim, refusal: "too late"),
        #"{"settled":{"claim":{"attempt":2,"stage":"\#(hex)"},"refusal":"too late"}}"#
    ),
    (.unknownWorker, #"{"unknownWorker":{}}"#),
]

let recordedBroadcast: [(Broadcast, String)] = [
    (.published(head), #"{"published":{"_0":{"byteCount":3153920,"id":"\#(hex)","kind":"head"}}}"#),
    (.ended(stage: claim.stage), #"{"ended":{"stage":"\#(hex)"}}"#),
]

private let recordedAssignment = """
    {"assign":{"_0":{"attempt":2,"batchParts":1,"dataDirectory":"/data",\
    "inputs":[{"byteCount":3153920,"id":"\(hex)","kind":"head"}],\
    "model":{"content":"\(hex)","name":"minilm","path":"/models/minilm"},\
    "planned":{"key":"\(hex)","label":"eh-ft/2","outputs":["backbone"],\
    "specification":{"backbone":"\(hex)","inputs":[{"from":"\(hex)","kind":"head"}],\
    "recipe":{"accumulation":1,"batch":32,"budget":{"epochs":{"_0":3}},"clip":1,"decay":"linear","evaluations":1,\
    "head":"linear","learningRate":2e-05,"maxLength":128,\
    "optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32",\
    "selection":"last","shuffle":"true","truncation":"longest","tune":"all","warmup":0.1},\
    "seed":18446744073709551615,"semantics":3,"task":"\(hex)"},"task":"rte"},\
    "task":{"dev":"dev.tsv","encoding":"utf8","format":"tsv","header":true,"label":4,\
    "labels":["entailment","not_entailment"],"metrics":["accuracy","macro-f1"],"name":"rte","pair":"sentence2",\
    "text":"sentence1","train":"train.tsv"}}}}
    """

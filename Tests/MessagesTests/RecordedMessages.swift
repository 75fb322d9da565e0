import Experiments
import Messages

// One message of each case, and the bytes it has had on the wire since the protocol's version was last raised. Whoever
// must change a line here must raise `protocolVersion`.

let digest = Digest(of: Array("digest".utf8))
private let hex = "0bf474896363505e5ea5e5d6ace8ebfb13a760a409b1fb467d428fc716f9f284"
private let worker = WorkerID(rawValue: "node-3/1")
private let stage = StageKey(rawValue: digest)
private let attempt = Attempt(rawValue: 2)
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

let recordedFromWorker: [(FromWorker, String)] = [
    (
        .hello(worker: worker, version: "headstart/3", node: node),
        #"{"hello":{"node":{"blasCore":"SkylakeX","host":"node-3","ranks":2,"threads":4},"version":"headstart/3","worker":"node-3/1"}}"#
    ),
    (.ready(worker: worker), #"{"ready":{"worker":"node-3/1"}}"#),
    (
        .heartbeat(
            worker: worker, stage: stage, attempt: attempt,
            progress: StageProgress(step: 1, steps: 20, loss: 0.5, tokensPerSecond: 640)),
        #"{"heartbeat":{"attempt":2,"progress":{"loss":0.5,"step":1,"steps":20,"tokensPerSecond":640},"stage":"\#(hex)","worker":"node-3/1"}}"#
    ),
    (
        .heartbeat(worker: worker, stage: stage, attempt: attempt, progress: nil),
        #"{"heartbeat":{"attempt":2,"stage":"\#(hex)","worker":"node-3/1"}}"#
    ),
    (
        .evaluated(
            worker: worker, stage: stage, attempt: attempt,
            evaluation: Evaluation(step: 10, epoch: 0.5, trainingLoss: 0.625, scores: scores)),
        #"{"evaluated":{"attempt":2,"evaluation":{"epoch":0.5,"scores":[{"metric":"accuracy","split":"dev","value":0.75}],"step":10,"trainingLoss":0.625},"stage":"\#(hex)","worker":"node-3/1"}}"#
    ),
    (
        .log(worker: worker, stage: stage, attempt: attempt, offset: 17, text: "a line\n"),
        #"{"log":{"attempt":2,"offset":17,"stage":"\#(hex)","text":"a line\n","worker":"node-3/1"}}"#
    ),
    (
        .fetch(worker: worker, artifact: head.id, offset: 1_048_576),
        #"{"fetch":{"artifact":"\#(hex)","offset":1048576,"worker":"node-3/1"}}"#
    ),
    (
        .offer(worker: worker, stage: stage, attempt: attempt, artifact: head),
        #"{"offer":{"artifact":{"byteCount":3153920,"id":"\#(hex)","kind":"head"},"attempt":2,"stage":"\#(hex)","worker":"node-3/1"}}"#
    ),
    (
        .upload(worker: worker, artifact: head.id, offset: 0),
        #"{"upload":{"artifact":"\#(hex)","offset":0,"worker":"node-3/1"}}"#
    ),
    (
        .finished(worker: worker, stage: stage, attempt: attempt, result: result),
        #"{"finished":{"attempt":2,"result":{"artifacts":[{"byteCount":3153920,"id":"\#(hex)","kind":"head"}],"finalLoss":0.5,"node":{"blasCore":"SkylakeX","host":"node-3","ranks":2,"threads":4},"parameters":"\#(hex)","scores":[{"metric":"accuracy","split":"dev","value":0.75}],"seconds":1.5,"steps":20,"tokens":1000,"tokensPerSecond":640,"trainable":10},"stage":"\#(hex)","worker":"node-3/1"}}"#
    ),
    (
        .failed(
            worker: worker, stage: stage, attempt: attempt, failure: StageFailure(.diverged, "the loss is not finite")),
        #"{"failed":{"attempt":2,"failure":{"cause":"diverged","message":"the loss is not finite"},"stage":"\#(hex)","worker":"node-3/1"}}"#
    ),
    (.goodbye(worker: worker), #"{"goodbye":{"worker":"node-3/1"}}"#),
]

let recordedToWorker: [(ToWorker, String)] = [
    (.welcome(heartbeatMilliseconds: 5000), #"{"welcome":{"heartbeatMilliseconds":5000}}"#),
    (.turnedAway(reason: "another version"), #"{"turnedAway":{"reason":"another version"}}"#),
    (.assign(assignment), recordedAssignment),
    (.idle(askAgainMilliseconds: 1000), #"{"idle":{"askAgainMilliseconds":1000}}"#),
    (.dismissed, #"{"dismissed":{}}"#),
    (.renewed(stage: stage, attempt: attempt), #"{"renewed":{"attempt":2,"stage":"\#(hex)"}}"#),
    (
        .stop(stage: stage, attempt: attempt, reason: "cancelled"),
        #"{"stop":{"attempt":2,"reason":"cancelled","stage":"\#(hex)"}}"#
    ),
    (
        .chunk(artifact: head.id, offset: 0, byteCount: 1_048_576),
        #"{"chunk":{"artifact":"\#(hex)","byteCount":1048576,"offset":0}}"#
    ),
    (.missing(artifact: head.id), #"{"missing":{"artifact":"\#(hex)"}}"#),
    (.received(artifact: head.id, upTo: 1_048_576), #"{"received":{"artifact":"\#(hex)","upTo":1048576}}"#),
    (
        .settled(stage: stage, attempt: attempt, refusal: nil),
        #"{"settled":{"attempt":2,"stage":"\#(hex)"}}"#
    ),
    (
        .settled(stage: stage, attempt: attempt, refusal: "too late"),
        #"{"settled":{"attempt":2,"refusal":"too late","stage":"\#(hex)"}}"#
    ),
    (.unknownWorker, #"{"unknownWorker":{}}"#),
]

let recordedBroadcast: [(Broadcast, String)] = [
    (.published(head), #"{"published":{"_0":{"byteCount":3153920,"id":"\#(hex)","kind":"head"}}}"#),
    (
        .stop(stage: stage, attempt: attempt, reason: "cancelled"),
        #"{"stop":{"attempt":2,"reason":"cancelled","stage":"\#(hex)"}}"#
    ),
]

private let recordedAssignment = """
    {"assign":{"_0":{"attempt":2,"dataDirectory":"/data",\
    "inputs":[{"byteCount":3153920,"id":"\(hex)","kind":"head"}],\
    "model":{"content":"\(hex)","name":"minilm","path":"/models/minilm"},\
    "planned":{"key":"\(hex)","label":"eh-ft/2","outputs":["backbone"],\
    "specification":{"backbone":"\(hex)","inputs":[{"from":"\(hex)","kind":"head"}],\
    "recipe":{"accumulation":1,"batch":32,"budget":{"epochs":{"_0":3}},"clip":1,"decay":"linear","evaluations":1,\
    "head":"linear","learningRate":2e-05,"maxLength":128,\
    "optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32",\
    "selection":"last","shuffle":"true","truncation":"longest","tune":"all","warmup":0.1},\
    "seed":18446744073709551615,"semantics":2,"task":"\(hex)"},"task":"rte"},\
    "task":{"dev":"dev.tsv","encoding":"utf8","format":"tsv","header":true,"label":4,\
    "labels":["entailment","not_entailment"],"metrics":["accuracy","macro-f1"],"name":"rte","pair":"sentence2",\
    "text":"sentence1","train":"train.tsv"}}}}
    """

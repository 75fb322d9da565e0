import Collectives
import Experiments
import Files
import Foundation
import Messages
import Testing
import Training
import Transport
import Worker

struct EndingTests {
    @Test func `an address that nobody answers at ends the worker with its name`() throws {
        let endpoint = try Endpoint("tcp://127.0.0.1:9")
        var patience = quick
        patience.firstAnswer = .seconds(1)
        let worker = try RunningWorker(endpoint, patience: patience, trainUntilStopped)
        #expect(worker.waitForEnd())
        #expect(worker.error == .nobodyAnswers(endpoint, seconds: 1))
        #expect(worker.error?.description.contains("nobody answers at tcp://127.0.0.1:9") == true)
    }

    @Test func `a coordinator lost for too long ends the worker, and its training`() throws {
        var coordinator: FakeCoordinator? = try FakeCoordinator(stages: [assignment()])
        var patience = quick
        patience.lostCoordinator = .seconds(5)
        let endpoint = try #require(coordinator?.endpoint)
        let worker = try RunningWorker(endpoint, patience: patience, trainUntilStopped)
        #expect(try coordinator?.serve { coordinator?.heard.contains { $0.name == "heartbeat" } ?? true } == true)
        coordinator = nil
        #expect(worker.waitForEnd())
        #expect(worker.error == .lostCoordinator(endpoint, seconds: 5))
    }

    @Test func `a worker that is turned away does not try again`() throws {
        let coordinator = try FakeCoordinator()
        coordinator.interfere = { _ in [FakeCoordinator.Answer(message: .turnedAway(reason: "another version"))] }
        let worker = try RunningWorker(coordinator.endpoint, trainUntilStopped)
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(worker.error == .turnedAway(coordinator.endpoint, reason: "another version"))
    }

    @Test func `a worker that is asked to leave stops after the step, says goodbye and ends in peace`() throws {
        let coordinator = try FakeCoordinator(stages: [assignment()])
        let worker = try RunningWorker(coordinator.endpoint, trainUntilStopped)
        #expect(try coordinator.serve { coordinator.heard.contains { $0.name == "heartbeat" } })
        worker.leave()
        #expect(try coordinator.serve { coordinator.heard.last?.name == "goodbye" })
        #expect(worker.waitForEnd())
        #expect(worker.error == nil)
        #expect(coordinator.failures == [])
    }

    @Test func `a worker that is asked to leave delivers what is finished first`() throws {
        let coordinator = try FakeCoordinator(stages: [assignment()])
        let made = bytes(2 << 20)
        let worker = try RunningWorker(coordinator.endpoint) { job, observer throws(StageFailure) in
            while !observer.shouldStop { usleep(2000) }
            return try finish(job, head: made)
        }
        #expect(try coordinator.serve { coordinator.heard.contains { $0.name == "heartbeat" } })
        worker.leave()
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(coordinator.results.count == 1)
        #expect(coordinator.store[reference(made).id] == made)
    }

    @Test(arguments: [StageFailure.Cause.diverged, .badInput, .node])
    func `a failure is reported with its cause, and the next stage begun`(cause: StageFailure.Cause) throws {
        let coordinator = try FakeCoordinator(stages: [assignment(seed: 1), assignment(seed: 2)])
        let first = try assignment(seed: 1).stage
        let worker = try RunningWorker(coordinator.endpoint) { job, _ throws(StageFailure) in
            if job.stage == first { throw StageFailure(cause, "it went wrong") }
            return try finish(job, head: [1])
        }
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(coordinator.failures == [StageFailure(cause, "it went wrong")])
        #expect(coordinator.results.count == 1)
    }

    @Test func `a host that fails three stages in a row takes no more`() throws {
        let coordinator = try FakeCoordinator(stages: (1...5).map { try assignment(seed: $0) })
        let worker = try RunningWorker(coordinator.endpoint) { _, _ throws(StageFailure) in
            throw StageFailure(.node, "the disk is full")
        }
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(worker.error == .unfit("the disk is full"))
        #expect(coordinator.failures.count == 3)
    }

    @Test func `a stage of another version of the training code is not begun`() throws {
        let foreign = try foreignAssignment()
        let coordinator = try FakeCoordinator(stages: [foreign])
        let worker = try RunningWorker(coordinator.endpoint) { job, _ throws(StageFailure) in
            try finish(job, head: [1])
        }
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(coordinator.results == [])
        #expect(coordinator.failures.first?.message.contains("version") == true)
    }

    private func foreignAssignment() throws -> Assignment {
        let text = String(decoding: try CanonicalJSON.encode(assignment()), as: UTF8.self)
        let other = text.replacingOccurrences(
            of: "\"semantics\":\(Precision.fp32.semanticsVersion)", with: "\"semantics\":9999")
        return try CanonicalJSON.decode(Assignment.self, from: Data(other.utf8))
    }

    @Test func `a group whose ranks have lost each other does not go on`() throws {
        let coordinator = try FakeCoordinator(stages: [assignment(), assignment(seed: 2)])
        let lost = MPIError(call: "MPI_Allgather", reason: "a rank is gone")
        let worker = try RunningWorker(coordinator.endpoint, communicator: { BrokenCommunicator(failure: lost) }) {
            _, _ throws(StageFailure) in throw StageFailure(.node, "\(lost)")
        }
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(worker.ending as? MPIError == lost)
        #expect(coordinator.failures == [], "the group's next life tells of it")
    }
}

/// One rank alone, which has lost the others.
private final class BrokenCommunicator: Communicator {
    private let solo = SoloCommunicator()
    let failure: MPIError?
    let (rank, size) = (0, 1)

    init(failure: MPIError) { self.failure = failure }

    func beginSum(_ values: UnsafeMutableBufferPointer<Float>, as format: WireFormat) {}
    func progressSums() {}
    func finishSums() {}
    func sum(_ values: [Double]) -> [Double] { solo.sum(values) }
    func broadcast(_ bytes: [UInt8], from root: Int) -> [UInt8] { bytes }
    func gather(_ bytes: [UInt8]) -> [[UInt8]] { [bytes] }
    func barrier() {}
    func sendCommand(_ bytes: [UInt8]) {}
    func waitForCommand() -> [UInt8] { [] }
}

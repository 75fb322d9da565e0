import Coordinator
import Experiments
import Messages
import Testing
import Transport

struct MailTests {
    @Test(arguments: [0, 1, 40, 1000]) func `messages are heard in the order in which they came`(count: Int) throws {
        var mail = Mail()
        for number in 0..<count {
            let sent = try FromWorker(.ready, from: WorkerID(rawValue: "worker-\(number)")).encoded()
            mail.add(Peer(identity: []), number % 7 == 3 ? [[UInt8](sent.dropLast())] : [[UInt8](sent)])
        }
        let workers = mail.messages().map { message -> String? in
            if case .success(let message) = message { message.worker.rawValue } else { nil }
        }
        #expect(workers == (0..<count).map { $0 % 7 == 3 ? nil : "worker-\($0)" })
    }

    @Test func `no more is taken than memory is spent on`() {
        var mail = Mail()
        for _ in 0..<63 { mail.add(Peer(identity: []), [[], [UInt8](repeating: 0, count: 1 << 20)]) }
        #expect(!mail.isFull)
        mail.add(Peer(identity: []), [[], [UInt8](repeating: 0, count: 1 << 20)])
        #expect(mail.isFull)
    }
}

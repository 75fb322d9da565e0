import Foundation
import TestKit
import Testing

/// Hosts that have too little of something, and groups that die there.
@Suite(.serialized) struct ScarceHostTests {
    private func workshop(steps: Int = 20) throws -> Workshop {
        let shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1]
            defaults: { max-steps: \(steps), batch: 8 }
            methods: { probe: { tune: head }, tuned: { tune: bitfit } }
            """, to: "sweep.yaml")
        return shop
    }

    /// Runs a script that has the program as $HEADSTART, in the workshop.
    private func start(_ script: String, in shop: Workshop) throws -> Running {
        try Running(
            ["-c", script], of: "/bin/bash", in: shop.folder,
            environment: [
                "HEADSTART": Program.path, "SHOP": shop.folder, "OMPI_ALLOW_RUN_AS_ROOT": "1",
                "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            ])
    }

    private func run(_ script: String, in shop: Workshop) throws -> Program.Outcome {
        try start(script, in: shop).wait()
    }

    @Test(.timeLimit(.minutes(10)), arguments: [32, 40, 200])
    func `too few descriptors are called by their name`(limit: Int) throws {
        let outcome = try run(
            "ulimit -n \(limit); exec \"$HEADSTART\" run sweep.yaml --data data --store store", in: workshop())
        #expect(outcome.status == 2 && outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("only \(limit) files") && outcome.errors.contains("ulimit -n 1024"))
    }

    @Test(.timeLimit(.minutes(10))) func `a first limit that may be raised is raised`() throws {
        let outcome = try run(
            "ulimit -Sn 100; exec \"$HEADSTART\" run sweep.yaml --data data --store store", in: workshop())
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(.timeLimit(.minutes(10)))
    func `with too little memory to compute in a sweep ends with that cause and leaves nobody behind`() throws {
        let shop = try workshop()
        let outcome = try run(
            """
            ulimit -v 450000
            exec timeout -s KILL 220 "$HEADSTART" run sweep.yaml --data data --store store
            """, in: shop)
        #expect(outcome.status == 1 && outcome.errors.contains("out of memory"), "\(outcome.status) \(outcome.errors)")
        try #require(run("command -v pgrep", in: shop).status == 0)
        #expect(try eventually(every: 200) { try run("pgrep -f \"$SHOP/store\"", in: shop).output.isEmpty })
    }

    @Test(.timeLimit(.minutes(10)))
    func `addresses that are limited are shared by all threads, and suffice`() throws {
        let outcome = try run(
            """
            ulimit -v 600000
            exec timeout -s KILL 60 "$HEADSTART" run sweep.yaml --data data --store store
            """, in: workshop())
        #expect(outcome.status == 0, "\(outcome.status) \(outcome.errors)")
    }

    @Test(.timeLimit(.minutes(10))) func `a working directory that is deleted is not needed`() throws {
        let shop = try workshop()
        let outcome = try run(
            """
            mkdir gone && cd gone && rmdir "$SHOP/gone"
            exec "$HEADSTART" run "$SHOP/sweep.yaml" --data "$SHOP/data" --store "$SHOP/store"
            """, in: shop)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(.timeLimit(.minutes(10)))
    func `the coordinator is told of a killed group at once, and why, not after a lease`() throws {
        let shop = try workshop(steps: 2_000_000)
        let coordinator = try start(
            "exec \"$HEADSTART\" coordinator sweep.yaml --data data --store store --listen ipc://$SHOP/socket 2>&1",
            in: shop)
        #expect(coordinator.wait { $0.contains("the coordinator listens") })
        let node = try start(
            "exec \"$HEADSTART\" node --coordinator ipc://$SHOP/socket --work $SHOP/work 2>&1", in: shop)
        #expect(coordinator.wait { $0.contains("an attempt began") })
        let worker = try run("pgrep -f '^[^ ]*headstart worker --coordinator ipc://'\"$SHOP\"/socket", in: shop)
        let process = try #require(worker.lines.first.flatMap { pid_t($0) })
        #expect(kill(process, SIGKILL) == 0)
        #expect(coordinator.wait { $0.contains("killed (signal 9)") }, "\(coordinator.output)")
        #expect(!coordinator.output.contains("fell silent"), "\(coordinator.output)")
        #expect(coordinator.wait { $0.split(separator: "an attempt began").count > 2 })
        for running in [node, coordinator] {
            running.kill(SIGTERM)
            _ = running.wait()
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: [false, true])
    func `a node outlives its terminal only where it is to`(isDetached: Bool) throws {
        let shop = try workshop(steps: 2_000_000)
        let coordinator = try start(
            """
            exec env --default-signal=HUP "$HEADSTART" coordinator sweep.yaml --data data --store store \
                --listen ipc://$SHOP/socket 2>&1
            """, in: shop)
        #expect(coordinator.wait { $0.contains("the coordinator listens") })
        let flag = isDetached ? "--detach" : ""
        let node = try start(
            """
            exec env --default-signal=HUP "$HEADSTART" node --coordinator ipc://$SHOP/socket --work $SHOP/work \
                \(flag) 2>&1
            """, in: shop)
        #expect(coordinator.wait { $0.contains("an attempt began") })
        node.kill(SIGHUP)
        let hasLeft = coordinator.wait(seconds: isDetached ? 5 : 300) { $0.contains("left") }
        #expect(hasLeft != isDetached, "\(coordinator.output)")
        #expect(node.isRunning || !isDetached)
        node.kill(SIGTERM)
        #expect(node.wait().status == 0)
        #expect(coordinator.wait { $0.contains("left") }, "\(coordinator.output)")
        coordinator.kill(SIGHUP)
        #expect(coordinator.wait().status == 128 + SIGHUP)
    }

    /// A CURVE coordinator with few descriptors, and more strangers than it has.
    @Test(.timeLimit(.minutes(10))) func `strangers without keys do not stop a coordinator`() throws {
        let shop = try workshop()
        #expect(try run("\"$HEADSTART\" keys --cluster keys host-a", in: shop).status == 0)
        let coordinator = try start(
            """
            ulimit -n 300
            exec "$HEADSTART" coordinator sweep.yaml --data data --store store --listen 'tcp://127.0.0.1:*' \
                --key keys/coordinator --admitted keys/admitted 2>&1
            """, in: shop)
        #expect(coordinator.wait { $0.contains("workers connect to") }, "\(coordinator.output)")
        let said = try #require(coordinator.output.firstMatch(of: /workers connect to tcp:\/\/127\.0\.0\.1:(\d+)/))
        let port = try #require(in_port_t(said.1))
        let node = """
            "$HEADSTART" node --coordinator tcp://127.0.0.1:\(port) --work work --key keys/host-a \
                --coordinator-key keys/coordinator.pub --patience 60
            """
        let worker = try start("exec \(node) 2>&1", in: shop)
        var strangers: [Int32] = []
        for _ in 0..<400 {
            let stranger = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            _ = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(stranger, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            strangers.append(stranger)
        }
        #expect(coordinator.wait().status == 0, "\(coordinator.output)")
        #expect(worker.wait().status == 0, "\(worker.output)")
        for stranger in strangers { close(stranger) }
    }

    @Test func `the keys of a cluster are made in one command, and more hosts are added by another`() throws {
        let shop = try Workshop()
        #expect(try shop.run("keys", "--cluster", "keys", "host-a", "host-b").status == 0)
        let before = try run("cat keys/admitted keys/coordinator.pub keys/clients", in: shop).output
        #expect(before.contains(" host-a\n") && before.contains(" host-b\n") && before.contains(" client\n"))
        #expect(try shop.run("keys", "--cluster", "keys", "host-c").status == 0)
        let after = try run("cat keys/admitted", in: shop).lines
        #expect(after.count == 3 && Set(after.map { $0.prefix(40) }).count == 3)
        #expect(try run("cat keys/coordinator.pub keys/clients", in: shop).output.hasSuffix(" client\n"))
        #expect(try shop.run("keys", "--cluster", "keys", "coordinator").status == 2)
        #expect(try shop.run("keys", "--out", "x", "--cluster", "y", "z").status == 2)
    }
}

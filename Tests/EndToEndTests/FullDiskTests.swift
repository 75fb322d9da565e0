import Foundation
import Testing

/// Runs in a file system of one's own that is as small as one likes: `unshare` gives one without being root, where the
/// kernel allows it.
@Suite(.enabled(if: SmallDisk.isPossible, "this machine lets no test mount a small file system"))
struct FullDiskTests {
    @Test func `an output file is written whole or not at all`() throws {
        let shop = try Workshop()
        try shop.write("the cat sings\n", to: "texts")
        let outcome = try SmallDisk(shop, kilobytes: 64).run(
            """
            head -c 1M /dev/zero > filler 2>/dev/null
            "$HEADSTART" encode --model ../model --input ../texts --out features.safetensors
            echo "status $?"; ls
            """)
        #expect(outcome.output == "status 1\nfiller\n")
        #expect(
            outcome.errors == "headstart: features.safetensors: cannot write: no space left on device; "
                + "free some space and start again, finished work is kept\n")
    }

    @Test func `training ends in one line, and continues once there is space`() throws {
        let shop = try Workshop()
        let outcome = try SmallDisk(shop, kilobytes: 2000).run(
            """
            head -c 1950K /dev/zero > filler
            train() { "$HEADSTART" train --model ../model --data ../data --task tiny --tune all --out run > log; }
            train; echo "status $?"
            [ -e run/run.json ] && echo "half-written"
            rm filler
            train; echo "status $?"
            """)
        #expect(outcome.output == "status 1\nstatus 0\n", "\(outcome.errors)")
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains("no space left"), "\(outcome.errors)")
    }

    @Test func `a fetch ends in one line, keeps what came, and goes on once there is space`() throws {
        let hub = try LocalHub(try Workshop())
        let outcome = try SmallDisk(hub.shop, kilobytes: 64).run(
            """
            export HF_HOME=$PWD/hf HF_ENDPOINT=\(hub.endpoint)
            "$HEADSTART" model fetch org/tiny > log; echo "status $?"
            find hf -name '*.incomplete' | wc -l
            mount -o remount,size=4M .
            "$HEADSTART" model fetch org/tiny > log; echo "status $?"
            """)
        #expect(outcome.output == "status 1\n1\nstatus 0\n", "\(outcome)")
        #expect(
            outcome.errorLines.count == 1 && outcome.errors.contains("no space left on device"), "\(outcome.errors)")
        #expect(try hub.requests().compactMap(\.range).count == 2, "a range of the hub, and one of where it sends us")
    }

    @Test(.timeLimit(.minutes(10)))
    func `a sweep whose store is full ends in one line, and continues once there is space`() throws {
        let shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2]
            defaults: { max-steps: 20 }
            methods: { probe: { tune: head }, tuned: { tune: bitfit } }
            """, to: "sweep.yaml")
        let outcome = try SmallDisk(shop, kilobytes: 4000).run(
            """
            sweep() { "$HEADSTART" run ../sweep.yaml --data ../data --store store "$@" > log; }
            sweep --set seeds=1; echo "status $?"
            head -c 8M /dev/zero > filler 2>/dev/null
            sweep; echo "status $?"
            rm filler
            sweep; echo "status $?"
            "$HEADSTART" status --store store
            """)
        #expect(outcome.lines.prefix(3) == ["status 0", "status 1", "status 0"], "\(outcome.errors)")
        #expect(outcome.output.contains("4 stages, 4 finished"))
        #expect(
            outcome.errors.contains("disk is full") || outcome.errors.contains("no space left"), "\(outcome.errors)")
    }

    @Test(.timeLimit(.minutes(10)))
    func `a coordinator whose disk fills amid a sweep says so, waits, and ends it once there is space`() throws {
        let shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2, 3, 4, 5, 6]
            defaults: { max-steps: 1000 }
            methods: { probe: { tune: head }, tuned: { tune: bitfit } }
            """, to: "sweep.yaml")
        let outcome = try SmallDisk(shop, kilobytes: 40_000).run(
            """
            at="ipc://$PWD/socket"
            "$HEADSTART" coordinator ../sweep.yaml --data ../data --store store --listen "$at" > ../log 2>&1 & coordinator=$!
            "$HEADSTART" node --coordinator "$at" --work ../work > ../node.log 2>&1 & node=$!
            until grep -q "a stage finished" ../log || ! kill -0 $coordinator 2>/dev/null; do sleep 0.1; done
            head -c 80M /dev/zero > filler 2>/dev/null
            until grep -q "the store cannot be written" ../log || ! kill -0 $coordinator 2>/dev/null; do sleep 0.1; done
            "$HEADSTART" status --store store | grep -c "nothing is handed out until the store can be written"
            sleep 3
            kill -0 $coordinator && echo "it waits"
            rm filler
            wait $coordinator; echo "status $?"
            wait $node; echo "status $?"
            "$HEADSTART" status --store store | head -1
            "$HEADSTART" ledger check --store store
            """)
        #expect(outcome.lines.prefix(4) == ["1", "it waits", "status 0", "status 0"], "\(outcome)")
        #expect(
            outcome.output.contains("12 stages, 12 finished") && outcome.output.contains("all is well"), "\(outcome)")
    }
}

/// A file system of a few kilobytes in a workshop, for the time of one shell script that runs in it.
struct SmallDisk {
    let shop: Workshop
    let kilobytes: Int

    static let isPossible =
        (try? Running(["--user", "--map-root-user", "--mount", "true"], of: unshare).wait().status) == 0

    private static let unshare = "/usr/bin/unshare"

    init(_ shop: Workshop, kilobytes: Int) {
        self.shop = shop
        self.kilobytes = kilobytes
    }

    func run(_ script: String) throws -> Program.Outcome {
        try shop.write("mount -t tmpfs -o size=\(kilobytes)k tmpfs disk && cd disk\n\(script)\n", to: "script")
        try shop.write("", to: "disk/below")
        return try Running(
            ["--user", "--map-root-user", "--mount", "bash", "script"], of: Self.unshare, in: shop.path("."),
            environment: ["HEADSTART": Program.path]
        ).wait()
    }
}

import Foundation
import TestKit
import Testing

/// What the doctor finds on hosts as they are.
struct DoctorTests {
    private struct Report: Decodable {
        struct Finding: Decodable {
            let subject, sentence, command: String
        }
        struct Readings: Decodable {
            let syncMilliseconds: Double?
            let store: String
        }
        let findings: [Finding]
        let readings: Readings
    }

    private let shop: Workshop

    init() throws { shop = try Workshop() }

    @Test func `what is set wrongly for this process is found, with what mends it`() throws {
        func subjects(_ environment: [String: String]) throws -> Set<String> {
            let outcome = try shop.run("doctor", "--store", "store", "--json", environment: environment)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return Set(try outcome.lastJSON(Report.self).findings.map(\.subject))
        }
        let usual = try subjects(["LC_ALL": "C.UTF-8"])
        #expect(usual.isDisjoint(with: ["locale", "blas", "store"]), "\(usual)")
        #expect(try subjects(["LC_ALL": "C"]).contains("locale"))
        #expect(try subjects(["LC_ALL": "C.UTF-8", "HEADSTART_BLAS_CORE": "Prescott"]).contains("blas"))
        let text = try shop.run("doctor", "--store", "store", environment: ["LC_ALL": "C"]).output
        #expect(text.contains("! the locale is 'C'") && text.contains("    export LC_ALL=C.UTF-8\n"), "\(text)")
    }

    @Test func `the disk of a store that is to be made is tried, and nothing is left there`() throws {
        let report = try shop.run("doctor", "--store", "a/b", "--json").lastJSON(Report.self)
        #expect(report.readings.store == "a/b" && (report.readings.syncMilliseconds ?? -1) >= 0)
        #expect(!FileManager.default.fileExists(atPath: shop.path("a")))
        let names = try FileManager.default.contentsOfDirectory(atPath: shop.folder)
        #expect(!names.contains { $0.contains("doctor") })
        let refused = try shop.run("doctor", "--store", "/proc/nowhere", "--json").lastJSON(Report.self)
        #expect(refused.findings.contains { $0.subject == "store" && $0.command.contains("/proc/nowhere") })
    }

    @Test func `every host of a cluster is asked, and one that does not answer is told`() throws {
        // What ssh would do on a host of these names.
        try shop.write(
            """
            #!/bin/bash
            while [ "$1" != -- ]; do shift; done
            case $2 in
            far) echo 'ssh: connect to host far port 22: No route to host' >&2; exit 255 ;;
            odd) echo nonsense ;;
            *) LC_ALL=C exec bash -c "$3" ;;
            esac
            """, to: "bin/ssh")
        #expect(chmod(shop.path("bin/ssh"), 0o755) == 0)
        try shop.write("# the cluster\nnear 2 8\nfar 1 auto\n\nodd 1 1\nnear 1 1\n", to: "hosts")
        let path = "\(shop.path("bin")):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
        let outcome = try shop.run("doctor", "--cluster", "--hosts", "hosts", environment: ["PATH": path])
        #expect(
            outcome.status == 1 && outcome.errors == "headstart: 2 hosts of 3 did not answer\n", "\(outcome.errors)")
        #expect(outcome.output.contains("\nfar does not answer: ssh: connect to host far port 22: No route to host\n"))
        #expect(outcome.output.contains("\nodd does not answer: it answers otherwise than this version does"))
        #expect(outcome.output.contains("! near: the locale is 'C'"), "\(outcome.output)")
        let lines = outcome.lines.filter { $0.hasPrefix("near ") }
        #expect(lines.count == 1 && lines[0].contains("ours"), "\(outcome.output)")
        let none = try shop.run("doctor", "--cluster", "--hosts", "nothing")
        #expect(none.status == 2 && none.errorLines.count == 1)
    }
}

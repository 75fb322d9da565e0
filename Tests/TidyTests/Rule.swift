import Foundation
import Testing

/// Something that no line of the sources may hold, and what to write instead.
struct Rule: Sendable, CustomTestStringConvertible {
    let what: String
    /// A regular expression; comments are not searched unless the rule is about them.
    let pattern: String
    let remedy: String
    /// Beginnings of the paths it holds for.
    let holdsIn: [String]
    /// Beginnings of the paths it does not hold for.
    var exceptIn: [String] = []
    var includesComments = false
    /// A line that breaks the rule: it shows that the pattern finds what it is meant to find.
    let example: String

    var testDescription: String { what }

    /// `path:line: what it holds; what to do`, for each line that breaks the rule.
    func violations(in file: SourceFile) -> [String] {
        let isConcerned = holdsIn.contains { file.path.hasPrefix($0) } && !exceptIn.contains { file.path.hasPrefix($0) }
        guard isConcerned else { return [] }
        return file.lines.enumerated().compactMap { index, line in
            isBroken(by: line) ? "\(file.path):\(index + 1): \(what); \(remedy)" : nil
        }
    }

    func isBroken(by line: String) -> Bool {
        let isComment = line.drop { $0 == " " }.hasPrefix("//")
        return (includesComments || !isComment) && line.range(of: pattern, options: .regularExpression) != nil
    }
}

extension Rule {
    static let all =
        [
            Rule(
                what: "print in a library", pattern: #"\b(debugPrint|print|NSLog|puts)\("#,
                remedy: "return the text or log it: only the command line writes to the screen",
                holdsIn: ["Sources/"], exceptIn: ["Sources/headstart/"], example: #"    print("step \(step)")"#),
            Rule(
                what: "input, output or a clock in the scheduler",
                pattern: #"import (Foundation|Glibc|Dispatch|Synchronization)|Date\(|Clock\(|Timestamp\.now"#,
                remedy: "hand it in as an event or as the time: `handle(event, at:)` is a function of its arguments",
                holdsIn: ["Sources/Scheduler/"], example: "import Foundation"),
            Rule(
                what: "chance that cannot be repeated",
                pattern:
                    #"\.random\((?!.*using:)|SystemRandomNumberGenerator|\.shuffled\(\)|\.shuffle\(\)|\.randomElement\(\)|\bd?rand(48)?\(\)"#,
                remedy: "draw from CounterRandom with a seed and a purpose", holdsIn: ["Sources/", "Tests/"],
                // A temporary file's name must differ between processes and decides nothing.
                exceptIn: ["Sources/Files/AtomicFile.swift"], example: "    let value = Double.random(in: 0..<1)"),
            Rule(
                what: "a forced try or cast", pattern: #"\btry!|\bas!"#,
                remedy: "throw a typed error that says what to do",
                holdsIn: ["Sources/", "Tests/"], example: "let text = try! read(path)"),
            Rule(
                // A program without memory has no better way out.
                what: "a crash by hand", pattern: #"\b(fatalError|abort)\((?!"out of memory)"#,
                remedy: "throw an error, or state a precondition that only our own bug can break",
                holdsIn: ["Sources/"],
                example: #"    fatalError("cannot happen")"#),
            Rule(
                what: "a path taken apart by Foundation",
                pattern: #"as NSString\)|standardizedFileURL|\.resolvingSymlinks|standardizingPath"#,
                remedy: "use Path of Files: Foundation's own crashes on a name of one letter", holdsIn: ["Sources/"],
                example: "let folder = (path as NSString).deletingLastPathComponent"),
            Rule(
                what: "an unfinished thought", pattern: #"\b(TODO|FIXME|XXX|HACK)\b"#,
                remedy: "do it, or file an issue",
                holdsIn: [""], includesComments: true, example: "// TODO: handle the rest"),
            Rule(
                what: "a path of one machine", pattern: #"(^|[^\w.~}])/(work|home|root|Users)/\w"#,
                remedy: "take it from an argument or the environment", holdsIn: [""], includesComments: true,
                example: #"let model = "/home/me/models""#),
            Rule(
                what: "the shared folder", pattern: #"\.\./shared|HEADSTART_SHARED"#,
                remedy: "only tests and their scripts know it; take --data or HEADSTART_DATA",
                holdsIn: ["Sources/", "cluster/", "scripts/quickstart"], example: #"let data = "../shared/data""#),
        ]
        + [
            ("MPI", #"import CMPI|mpi\.h|\bMPI_[A-Z]\w+\("#, ["Sources/CMPI", "Sources/Collectives/"], "import CMPI"),
            ("BLAS", #"import COpenBLAS|\bcblas_\w+\("#, ["Sources/COpenBLAS/", "Sources/Numerics/"], "cblas_sgemm()"),
            (
                "oneDNN", #"import COneDNN|\bconednn_\w+\("#, ["Sources/COneDNN/", "Sources/Numerics/"],
                "import COneDNN"
            ),
            ("ZeroMQ", #"import CZeroMQ|\bzmq_\w+\("#, ["Sources/CZeroMQ/", "Sources/Transport/"], "zmq_send()"),
            (
                "SentencePiece", #"import CSentencePiece|\bcsentencepiece_\w+\("#,
                ["Sources/CSentencePiece/", "Sources/Tokenizers/"], "import CSentencePiece"
            ),
            ("libcurl", #"import CCurl|\bccurl_\w+\("#, ["Sources/CCurl/", "Sources/Downloads/"], "import CCurl"),
            ("libzip", #"import CZip|\bczip_\w+\("#, ["Sources/CZip/", "Sources/Downloads/"], "import CZip"),
            (
                "starting of programs", #"import CProcesses|\bcprocesses_\w+\(|\bProcess\(\)"#,
                ["Sources/CProcesses/", "Sources/Processes/"], "let process = Process()"
            ),
            ("SQLite", #"import GRDB|import SQLite3"#, ["Sources/Ledger/"], "import GRDB"),
        ].map { library, pattern, home, example in
            Rule(
                what: "\(library) outside its own target", pattern: pattern,
                remedy: "call the Swift face of \(home.last ?? library)", holdsIn: ["Sources/"], exceptIn: home,
                example: example)
        }
}

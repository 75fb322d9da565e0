// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of ours is built with: Swift 6, warnings are errors, and an import stays internal unless said otherwise.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
]

/// The MPI to build with: Open MPI, or with HEADSTART_MPI=mpich the other one.
let mpi: (pkgConfig: String, package: String) =
    Context.environment["HEADSTART_MPI"] == "mpich" ? ("mpich", "libmpich-dev") : ("mpi-c", "libopenmpi-dev")

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(of name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, resources: resources,
        swiftSettings: strict)
}

let package = Package(
    name: "headstart",
    products: [.executable(name: "headstart", targets: ["headstart"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    // A target uses only what stands above it in this list, and only what it names.
    targets: [
        // C at the edge
        .target(
            name: "CKernels",
            cSettings: [
                .treatAllWarnings(as: .error),
                .unsafeFlags([
                    "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-mprefer-vector-width=512",
                ]),
            ]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .target(
            name: "COneDNN", cxxSettings: [.treatAllWarnings(as: .error)], linkerSettings: [.linkedLibrary("dnnl")]),
        .systemLibrary(name: "CHwloc", pkgConfig: "hwloc", providers: [.apt(["libhwloc-dev"])]),
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CExpat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CMPIHeaders", pkgConfig: mpi.pkgConfig, providers: [.apt([mpi.package])]),
        .target(
            name: "CSentencePiece", cxxSettings: [.treatAllWarnings(as: .error)],
            linkerSettings: [.linkedLibrary("sentencepiece")]),
        .target(name: "CProcesses", cSettings: [.treatAllWarnings(as: .error)]),
        // Loaded when they are first needed, and so not linked.
        .target(name: "CCurl", cSettings: [.treatAllWarnings(as: .error)]),
        .target(name: "CZip", cSettings: [.treatAllWarnings(as: .error)]),
        // Loaded when the first rank starts, though pkg-config names the library to the linker beside its headers.
        .target(name: "CMPI", dependencies: ["CMPIHeaders"], cSettings: [.treatAllWarnings(as: .error)]),

        // Files, the vocabulary, wire and memory
        library("Files", [crypto, "CZlib"]),
        library("Experiments", ["Files"]),
        library("Searches", ["Experiments", "Files"]),
        library("Messages", ["Experiments", "Files"]),
        library("Downloads", ["Experiments", "Files", "CCurl", "CZip", crypto]),
        library("Configuration", ["Experiments", "Searches", "Files", "Downloads", yams]),
        library("Ledger", ["Experiments", "Files", grdb]),
        library("Scheduler", ["Experiments", "Messages"]),

        // Thin types over ZeroMQ, MPI, BLAS, the system's processes and our kernels; they know nothing of the project
        library("Processes", ["CProcesses"]),
        library("Transport", ["Files", "CZeroMQ"]),
        library("Collectives", ["CMPI", "CKernels"]),
        library("Numerics", ["COpenBLAS", "COneDNN", "CHwloc", "CKernels"]),

        // Files, text, datasets
        library("Safetensors", ["Files"]),
        library("Tokenizers", ["Experiments", "Files", "CSentencePiece"]),
        library("Tasks", ["Experiments", "Files", "Tokenizers", "Numerics", "CExpat"]),

        // Networks, what moves, learning
        library("Encoders", ["Experiments", "Files", "Safetensors", "Numerics", "CKernels"]),
        library("Tuning", ["Experiments", "Safetensors", "Numerics", "CKernels", "Encoders"]),
        library(
            "Training",
            [
                "Experiments", "Files", "Safetensors", "Tokenizers", "Tasks", "Numerics", "CKernels", "Collectives",
                "Encoders", "Tuning",
            ]),

        // The loops that connect them, and what people read
        library(
            "Coordinator",
            ["Experiments", "Files", "Messages", "Ledger", "Scheduler", "Transport", "Training", logging]),
        library(
            "Worker",
            ["Experiments", "Files", "Messages", "Processes", "Transport", "Collectives", "Training", logging]),
        library("Statistics", ["Experiments", "Numerics"]),
        library("Reports", ["Experiments", "Files", "Configuration", "Tasks", "Statistics", "Numerics"]),
        library("Pages", ["Experiments", "Files", "Configuration", "Ledger", "Statistics", "Reports"]),
        library("Dashboard", ["Experiments", "Files", "Messages", "Ledger", "Transport", "Pages"]),
        .executableTarget(
            name: "headstart",
            dependencies: [
                "Experiments", "Files", "Messages", "Downloads", "Configuration", "Ledger", "Processes", "Transport",
                "Collectives", "Numerics", "Safetensors", "Tokenizers", "Tasks", "Encoders", "Training", "Scheduler",
                "Coordinator", "Worker", "Statistics", "Reports", "Pages", "Dashboard",
                arguments, logging,
            ],
            swiftSettings: strict),

        .target(name: "HeapCalls", path: "Tests/HeapCalls", cSettings: [.treatAllWarnings(as: .error)]),
        .target(
            name: "TestKit", dependencies: ["Collectives", "Experiments", "Files", "Safetensors", "Numerics"],
            path: "Tests/TestKit", swiftSettings: strict),
        tests(of: "Files", ["TestKit"]),
        tests(of: "Experiments", ["TestKit", "Files"], resources: [.copy("Recorded")]),
        tests(of: "Searches", ["Experiments", "Files"]),
        tests(of: "Messages", ["TestKit", "Experiments", "Files"]),
        tests(of: "Downloads", ["TestKit"]),
        tests(of: "Configuration", ["TestKit", "Downloads", "Experiments", "Files"], resources: [.copy("Recorded")]),
        tests(of: "Ledger", ["TestKit", "Experiments", "Files", grdb], resources: [.copy("Recorded")]),
        // Simulated worlds around the real scheduler and the real dialogue, and the program that runs many of them.
        .target(
            name: "Simulation",
            dependencies: [
                "TestKit", "Experiments", "Files", "Messages", "Ledger", "Scheduler", "Coordinator", "Transport",
                "Worker",
            ],
            path: "Tests/Simulation", swiftSettings: strict),
        .executableTarget(
            name: "simulate", dependencies: ["Simulation", "Experiments"], path: "Tests/simulate",
            swiftSettings: strict),
        // Measures ledgers of many stages.
        .executableTarget(
            name: "benchledger", dependencies: ["TestKit", "Experiments", "Files", "Ledger"], path: "Tests/benchledger",
            swiftSettings: strict),
        tests(
            of: "Scheduler", ["TestKit", "Simulation", "Experiments", "Files", "Messages", "Reports"],
            resources: [.copy("Traces")]),
        // Workers that train nothing, and the real coordinator for them: what scripts/bench-coordinator starts.
        .executableTarget(
            name: "crowd",
            dependencies: [
                "TestKit", "Experiments", "Files", "Messages", "Transport", "Coordinator", arguments, logging,
            ],
            path: "Tests/crowd", swiftSettings: strict),
        tests(of: "Processes", []),
        tests(of: "Transport", ["TestKit"]),
        tests(of: "Collectives", ["CollectivesProbe"]),
        .executableTarget(
            name: "CollectivesProbe", dependencies: ["Collectives"], path: "Tests/CollectivesProbe",
            swiftSettings: strict),
        tests(of: "Numerics", ["CKernels"]),
        tests(of: "Safetensors", ["TestKit", "Files"]),
        tests(of: "Tokenizers", ["TestKit", "Experiments", "Files"]),
        tests(
            of: "Tasks", ["TestKit", "Experiments", "Files", "Tokenizers", "Configuration"],
            resources: [.copy("Metrics")]),
        tests(of: "Encoders", ["TestKit", "HeapCalls", "Experiments", "Safetensors", "Numerics"]),
        tests(of: "Tuning", ["TestKit", "Experiments", "Safetensors", "Numerics", "Encoders"]),
        tests(
            of: "Training",
            [
                "TestKit", "Experiments", "Files", "Safetensors", "Tokenizers", "Tasks", "Numerics", "Collectives",
                "Encoders", "Tuning",
            ]),
        tests(
            of: "Coordinator",
            ["TestKit", "Experiments", "Files", "Messages", "Ledger", "Scheduler", "Transport", logging, grdb]),
        tests(
            of: "Worker",
            ["TestKit", "Experiments", "Files", "Messages", "Transport", "Collectives", "Training", logging]),
        tests(of: "Statistics", ["Experiments", "Numerics"]),
        tests(of: "Reports", ["TestKit", "Experiments", "Files", "Numerics", "Statistics", "Tasks"]),
        tests(of: "Pages", ["TestKit", "Experiments", "Files", "Ledger"]),
        tests(of: "Dashboard", ["TestKit", "Experiments", "Messages", "Ledger", "Transport"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["headstart", "TestKit", "Experiments", "Files", "Ledger", "Safetensors", grdb],
            swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

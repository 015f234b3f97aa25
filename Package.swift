// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "makima",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "makima", targets: ["makima"]),
        .executable(name: "makima-quantize", targets: ["makima-quantize"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
    ],
    targets: [
        // C libraries of the system.
        .systemLibrary(name: "CSndfile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
        .systemLibrary(name: "CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),
        .systemLibrary(name: "CALSA", pkgConfig: "alsa", providers: [.apt(["libasound2-dev"])]),
        // Without pkg-config, whose -D_REENTRANT SwiftPM refuses.
        .systemLibrary(name: "CAvahi", providers: [.apt(["libavahi-client-dev"])]),

        // Numeric operations, one folder per instruction set. Optimised in debug builds too, so that tests stay quick;
        // no contraction, so that every compiler gives the same sums.
        .target(
            name: "CKernels",
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off", "-fno-math-errno", "-std=c11"])]
        ),
        // Files that are whole or not there, and what the system says when they cannot be.
        .target(name: "Files"),
        // How much memory this process can have.
        .target(name: "Memory"),
        // How far an address reaches, for those who serve and those who fetch.
        .target(name: "Addresses"),
        .target(name: "ModelFile", dependencies: ["Files"]),
        .target(name: "Compute", dependencies: ["CKernels", "ModelFile"]),
        // What every engine and every door share: the protocol of an engine, and text as it is said. Knows no model.
        .target(name: "Speech"),
        // Byte-level byte pair encoding, as the models' texts are encoded.
        .target(name: "Tokenization"),
        // Stages of a model beside what its official implementation gave.
        .target(name: "Verifying", dependencies: ["Compute", "ModelFile"]),
        .target(
            name: "Qwen3TTS", dependencies: ["Compute", "Files", "ModelFile", "Speech", "Tokenization", "Verifying"]),
        .target(
            name: "Chatterbox",
            dependencies: [
                "Compute", "Files", "ModelFile", "Speech", "Tokenization", "Verifying",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .target(name: "Audio", dependencies: ["CAAC", "CChild", "CSndfile", "CSoxr", "CALSA", "Files"]),
        // A library that is looked for when the program runs.
        .target(name: "CAAC", cSettings: [.unsafeFlags(["-std=c11"])]),
        // A program that works for us, bounded.
        .target(name: "CChild"),
        // The models on this computer, and the way they come from the Hugging Face hub.
        .target(
            name: "ModelStore",
            dependencies: [
                "Addresses", "Files", "ModelFile",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        // The doors: WebSocket and HTTP, and the scheduler behind them.
        .target(
            name: "Server",
            dependencies: [
                "Addresses", "Audio", "CAvahi", "Files", "JSONText", "Memory", "Speech",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [
                .embedInCode("Page/index.html"), .embedInCode("Page/page.css"), .embedInCode("Page/page.js"),
                .embedInCode("Page/compose.js"), .embedInCode("Page/dom.js"), .embedInCode("Page/make.js"),
                .embedInCode("Page/panel.js"), .embedInCode("Page/player.js"), .embedInCode("Page/recent.js"),
                .embedInCode("Page/server.js"), .embedInCode("Page/sound.js"), .embedInCode("Page/speech.js"),
                .embedInCode("Page/voices.js"), .embedInCode("Page/wave.js"),
            ]
        ),
        // The client's end of a WebSocket: handshake, masks, pings. Knows nothing of speech.
        .target(
            name: "WebSocketClient",
            dependencies: [
                "Files",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ]
        ),
        // JSON of any shape, and as it is written here.
        .target(name: "JSONText"),
        // A server of the Model Context Protocol: JSON-RPC over lines. Knows nothing of speech.
        .target(name: "ModelContext", dependencies: ["JSONText"]),
        // What the program was started with.
        .target(name: "CArguments"),
        .target(name: "Invocation", dependencies: ["CArguments"]),
        .executableTarget(
            name: "makima",
            dependencies: [
                "Addresses", "Audio", "Chatterbox", "Compute", "Files", "Invocation", "JSONText", "Memory",
                "ModelContext",
                "ModelFile", "ModelStore", "Quantization", "Qwen3TTS", "Server", "Speech", "Verifying",
                "WebSocketClient",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            // What computers of known kinds are expected to reach.
            resources: [.embedInCode("DeviceSpeeds.json")]
        ),

        // The quantizer: a library, and a command around it.
        .target(
            name: "CQuantization",
            path: "Quantize/CQuantization",
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off", "-std=c11"])]
        ),
        .target(
            name: "Quantization",
            dependencies: [
                "Audio", "CQuantization", "Chatterbox", "Compute", "Files", "ModelFile", "Qwen3TTS", "Speech",
                "Tokenization",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            path: "Quantize",
            exclude: ["CQuantization", "Command", "README.md"],
            resources: [
                .embedInCode("Recipes/int8.json"), .embedInCode("Recipes/mixed.json"),
            ],
            // Every weight passes through here several times: optimised in debug builds too, so that tests stay quick.
            swiftSettings: [.unsafeFlags(["-O"])]
        ),
        .executableTarget(
            name: "makima-quantize",
            dependencies: [
                "Audio", "Files", "Invocation", "ModelFile", "Quantization",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Quantize/Command"
        ),

        // Counts allocations, for tests and measurements.
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
        // Measurements, not packaged. OpenBLAS is what they compare with.
        .systemLibrary(
            name: "COpenBLAS", path: "Benchmarks/COpenBLAS", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev"])]),
        .target(
            name: "CBenchmark",
            dependencies: ["CKernels", "COpenBLAS"],
            path: "Benchmarks/CBenchmark",
            cSettings: [.unsafeFlags(["-O3", "-std=c11"])],
            // pkg-config, which says so too, is not asked where the programs are for another architecture.
            linkerSettings: [.linkedLibrary("openblas")]
        ),
        .executableTarget(
            name: "makima-bench",
            dependencies: [
                "Audio", "CAllocationCounter", "CBenchmark", "Chatterbox", "CKernels", "Compute", "Files", "ModelFile",
                "Quantization", "Qwen3TTS", "Server", "Speech", "WebSocketClient",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Benchmarks/Bench",
            resources: [
                .embedInCode("Shapes/chatterbox.txt"), .embedInCode("Shapes/config.json"),
                .embedInCode("Shapes/speech_tokenizer.json"), .embedInCode("Shapes/tensors.txt"),
            ]
        ),

        // What several test targets share.
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"]),
        .testTarget(name: "MemoryTests", dependencies: ["Memory", "TestSupport"]),
        .testTarget(name: "ModelFileTests", dependencies: ["ModelFile", "TestSupport"]),
        .testTarget(name: "ComputeTests", dependencies: ["Compute", "CKernels", "ModelFile", "TestSupport"]),
        // The parsers of outside bytes as libFuzzer feeds them, and what it begins with as a test.
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .target(
            name: "FuzzedParsers",
            dependencies: [
                "Audio", "CFuzzer", "Chatterbox", "ModelFile", "Qwen3TTS", "Server", "Speech", "Tokenization",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            path: "Tests/Fuzz/Parsers"
        ),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzedParsers", "TestSupport"]),
        .testTarget(name: "ModelContextTests", dependencies: ["JSONText", "ModelContext"]),
        .testTarget(name: "TokenizationTests", dependencies: ["Tokenization", "TestSupport"]),
        .testTarget(
            name: "Qwen3TTSTests",
            dependencies: ["Qwen3TTS", "Compute", "ModelFile", "Speech", "TestSupport", "Tokenization", "Verifying"]),
        .testTarget(
            name: "ChatterboxTests",
            dependencies: [
                "Chatterbox", "Compute", "ModelFile", "Speech", "TestSupport", "Tokenization", "Verifying",
            ]),
        .testTarget(name: "SpeechTests", dependencies: ["Speech", "TestSupport"], exclude: ["SpokenForm"]),
        .testTarget(name: "AudioTests", dependencies: ["Audio", "Compute", "TestSupport"]),
        // For the Autobahn fuzzing client; see Tests/Clients/autobahn.sh.
        .executableTarget(
            name: "WebSocketEcho",
            dependencies: [
                "Server",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: "Tests/WebSocketEcho"
        ),
        .testTarget(
            name: "WebSocketClientTests",
            dependencies: [
                "Server", "WebSocketClient",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Addresses", "Server", "Audio", "JSONText", "Speech", "TestSupport",
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ]
        ),
        // Runs the program itself, beside tests of its parts.
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "Compute", "Files", "makima", "Memory", "ModelContext", "Server", "Speech", "TestSupport",
            ]),
        .testTarget(
            name: "ModelStoreTests",
            dependencies: [
                "Chatterbox", "Files", "ModelStore", "makima", "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "BenchTests",
            dependencies: [
                "Quantization", "Qwen3TTS", "Speech", "makima-bench", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .testTarget(
            name: "QuantizeTests",
            dependencies: [
                "Chatterbox", "Compute", "ModelFile", "Quantization", "Qwen3TTS", "Speech", "Tokenization",
                "makima-quantize", "TestSupport",
            ],
            exclude: ["dequantize.py", "requirements.txt"]),
    ]
)

// The parsers of outside bytes under libFuzzer: `make fuzz`. Without it the program has no main.
if Context.environment["FUZZ"] != nil {
    package.targets.append(
        .executableTarget(name: "makima-fuzz", dependencies: ["FuzzedParsers"], path: "Tests/Fuzz/Program"))
}

let cTargets: Set = ["CAAC", "CAllocationCounter", "CArguments", "CBenchmark", "CChild", "CKernels", "CQuantization"]

// One place for the language settings of every Swift target.
for target in package.targets
where target.type != .system && !cTargets.contains(target.name) {
    var settings = target.swiftSettings ?? []
    settings += [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableExperimentalFeature("Lifetimes"),
        .strictMemorySafety(),
    ]
    // Where programs are built optimised, tests of them are not: that would take as long again.
    if target.type == .test { settings.append(.unsafeFlags(["-Onone"])) }
    if Context.environment["WARNINGS_AS_ERRORS"] != nil { settings.append(.treatAllWarnings(as: .error)) }
    target.swiftSettings = settings
}

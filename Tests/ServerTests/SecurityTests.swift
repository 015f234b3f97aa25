import Foundation
import JWTKit
import TestSupport
import Testing

@testable import Server

@Suite struct TokenBucketTests {
    @Test func aBurstThenTheRate() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(rate: 2, burst: 3, at: start)
        for _ in 0..<3 { #expect(bucket.take(at: start) == nil) }
        #expect(bucket.take(at: start)?.milliseconds == 500)
        #expect(bucket.take(at: start + .milliseconds(500)) == nil)
        #expect(bucket.take(at: start + .milliseconds(500)) != nil)
        // Never more than the burst, however long nobody asked.
        var taken = 0
        while bucket.take(at: start + .seconds(3600)) == nil { taken += 1 }
        #expect(taken == 3)
    }

    @Test func clientsHaveBucketsOfTheirOwn() throws {
        let limiter = RateLimiter(rate: 1, burst: 1)
        let now = ContinuousClock.now
        try limiter.check("a", at: now)
        let error = #expect(throws: SpeakError.self) { try limiter.check("a", at: now) }
        #expect(error?.code == .rateLimited)
        #expect(error?.retryAfter == .seconds(1))
        try limiter.check("b", at: now)
    }

    @Test func noLimitAtARateOfZero() throws {
        let limiter = RateLimiter(rate: 0, burst: 1)
        for _ in 0..<1000 { try limiter.check("a") }
    }
}

@Suite struct AuthenticatorTests {
    struct Claims: JWTPayload {
        var exp: ExpirationClaim?
        var nbf: NotBeforeClaim?
        var sub: SubjectClaim?
        var iss: IssuerClaim?
        var aud: AudienceClaim?
        func verify(using key: some JWTAlgorithm) throws {}
    }

    static let secret = "0123456789abcdef0123456789abcdef"

    static func sign(_ claims: Claims, secret: String = secret) async throws -> String {
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        return try await keys.sign(claims)
    }

    static func claims(
        exp: Double? = 60, nbf: Double? = nil, sub: String? = "ada", iss: String? = nil, aud: String? = nil
    ) -> Claims {
        Claims(
            exp: exp.map { .init(value: Date(timeIntervalSinceNow: $0)) },
            nbf: nbf.map { .init(value: Date(timeIntervalSinceNow: $0)) }, sub: sub.map { .init(value: $0) },
            iss: iss.map { .init(value: $0) }, aud: aud.map { .init(value: $0) })
    }

    static func code(_ authenticator: Authenticator, _ token: String?) async -> SpeakError.Code? {
        do {
            _ = try await authenticator.subject(of: token)
            return nil
        } catch { return (error as SpeakError).code }
    }

    @Test func offAsksNothing() async throws {
        #expect(try await Authenticator.off.subject(of: nil) == nil)
        #expect(try await Authenticator.off.subject(of: "anything") == nil)
    }

    @Test func staticTokensLetIn() async {
        let authenticator = Authenticator.tokens(["correct-horse-battery", "second-token-second"])
        #expect(await Self.code(authenticator, "second-token-second") == nil)
        for bad in [nil, "", "correct-horse-batter", "correct-horse-battery "] {
            #expect(await Self.code(authenticator, bad) == .unauthorized)
        }
    }

    @Test func signedTokensLetInWhileTheyAreValid() async throws {
        let authenticator = await Authenticator.secret(Array(Self.secret.utf8))
        #expect(try await authenticator.subject(of: Self.sign(Self.claims())) == "ada")
        let bad = [
            try await Self.sign(Self.claims(exp: -5)), try await Self.sign(Self.claims(exp: nil)),
            try await Self.sign(Self.claims(nbf: 60)),
            try await Self.sign(Self.claims(), secret: "another-secret-another-secret-32"),
            "a.b.c", "", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEiLCJleHAiOjk5OTk5OTk5OTl9.",
        ]
        for token in bad { #expect(await Self.code(authenticator, token) == .unauthorized) }
    }

    @Test func aChangedTokenIsRefused() async throws {
        let authenticator = await Authenticator.secret(Array(Self.secret.utf8))
        let good = Array(try await Self.sign(Self.claims()).utf8)
        var random = SplitMix(state: 7)
        for _ in 0..<200 {
            var token = good
            let index = Int(random.next() % UInt64(token.count))
            let letter = Array("ABCDabcd0123.-_".utf8)[Int(random.next() % 15)]
            guard token[index] != letter else { continue }
            token[index] = letter
            // The last letter carries bits that base64 does not use.
            guard index != token.count - 1 else { continue }
            #expect(await Self.code(authenticator, String(decoding: token, as: UTF8.self)) == .unauthorized)
        }
    }

    @Test func issuerAndAudienceAreChecked() async throws {
        let authenticator = await Authenticator.secret(Array(Self.secret.utf8), issuer: "home", audience: "makima")
        #expect(await Self.code(authenticator, try await Self.sign(Self.claims(iss: "home", aud: "makima"))) == nil)
        #expect(
            await Self.code(authenticator, try await Self.sign(Self.claims(iss: "work", aud: "makima")))
                == .unauthorized)
        #expect(
            await Self.code(authenticator, try await Self.sign(Self.claims(iss: "home", aud: "x"))) == .unauthorized)
        #expect(await Self.code(authenticator, try await Self.sign(Self.claims(iss: "home"))) == .unauthorized)
    }

    @Test func aKeySetLetsInAndItsPublicKeyIsNoSecret() async throws {
        let key = ES256PrivateKey()
        let parameters = try #require(key.publicKey.parameters)
        func url(_ base64: String) -> String {
            base64.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
                .replacingOccurrences(of: "=", with: "")
        }
        let set =
            #"{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","kid":"k","x":"\#(url(parameters.x))","y":"\#(url(parameters.y))"}]}"#
        let authenticator = try await Authenticator.keySet(set)
        let signer = JWTKeyCollection()
        await signer.add(ecdsa: key, kid: "k")
        #expect(try await authenticator.subject(of: signer.sign(Self.claims(), kid: "k")) == "ada")
        // Signed with the text of the public key, as if it were a shared secret.
        let forger = JWTKeyCollection()
        await forger.add(hmac: HMACKey(from: key.publicKey.pemRepresentation), digestAlgorithm: .sha256, kid: "k")
        #expect(await Self.code(authenticator, try await forger.sign(Self.claims(), kid: "k")) == .unauthorized)
        await #expect(throws: (any Error).self) { try await Authenticator.keySet("no keys") }
    }
}

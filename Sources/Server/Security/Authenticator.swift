// Who may use the doors: anybody, holders of a static token, or holders of a signed one (JWT).

import Crypto
import FoundationEssentials
import JWTKit

package struct Authenticator: Sendable {
    private enum Method: Sendable {
        case off
        /// Digests, so that comparing takes the same time whatever is sent.
        case tokens([SHA256Digest])
        case signed(JWTKeyCollection, issuer: String?, audience: String?)
    }

    private let method: Method

    package static let off = Authenticator(method: .off)

    /// Any of these tokens lets in.
    package static func tokens(_ tokens: [String]) -> Authenticator {
        Authenticator(method: .tokens(tokens.map { SHA256.hash(data: Data($0.utf8)) }))
    }

    /// Tokens signed with HS256 by a shared secret.
    package static func secret(_ secret: [UInt8], issuer: String? = nil, audience: String? = nil) async -> Authenticator
    {
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: Data(secret)), digestAlgorithm: .sha256)
        return Authenticator(method: .signed(keys, issuer: issuer, audience: audience))
    }

    /// Tokens signed by a key of a JSON Web Key Set.
    package static func keySet(
        _ json: String, issuer: String? = nil, audience: String? = nil
    ) async throws -> Authenticator {
        let keys = JWTKeyCollection()
        try await keys.add(jwksJSON: json)
        return Authenticator(method: .signed(keys, issuer: issuer, audience: audience))
    }

    package var isOn: Bool {
        if case .off = method { false } else { true }
    }

    /// The token's subject; nil when nobody is asked for a token.
    package func subject(of token: String?) async throws(SpeakError) -> String? {
        switch method {
        case .off: return nil
        case .tokens(let known):
            let token = try Self.present(token)
            let digest = SHA256.hash(data: Data(token.utf8))
            guard known.contains(where: { $0 == digest }) else {
                throw SpeakError(.unauthorized, "The token is not known here.")
            }
            return "token"
        case .signed(let keys, let issuer, let audience):
            let token = try Self.present(token)
            let claims = try await Self.claims(of: token, keys)
            try Self.check(claims, issuer: issuer, audience: audience)
            return claims.sub?.value ?? "token"
        }
    }

    private static func present(_ token: String?) throws(SpeakError) -> String {
        guard let token, !token.isEmpty else {
            throw SpeakError(
                .unauthorized, "A token is needed: authToken in start, or the header Authorization: Bearer TOKEN.",
                field: "authToken")
        }
        return token
    }

    private static func claims(of token: String, _ keys: JWTKeyCollection) async throws(SpeakError) -> Claims {
        do {
            return try await keys.verify(token, as: Claims.self)
        } catch let error as JWTError where error.errorType == .claimVerificationFailure {
            throw SpeakError(.unauthorized, "The token has expired or is not valid yet.", field: "authToken")
        } catch {
            throw SpeakError(
                .unauthorized, "The token's signature does not match any key of this server.", field: "authToken")
        }
    }

    private static func check(_ claims: Claims, issuer: String?, audience: String?) throws(SpeakError) {
        if let issuer, claims.iss?.value != issuer {
            throw SpeakError(.unauthorized, "The token was not issued by \(issuer).", field: "authToken")
        }
        if let audience, claims.aud?.value.contains(audience) != true {
            throw SpeakError(.unauthorized, "The token is not meant for \(audience).", field: "authToken")
        }
    }

    private struct Claims: JWTPayload {
        /// Needed: a token that never ends cannot be taken back. Static tokens exist for that.
        var exp: ExpirationClaim
        var nbf: NotBeforeClaim?
        var sub: SubjectClaim?
        var iss: IssuerClaim?
        var aud: AudienceClaim?

        func verify(using key: some JWTAlgorithm) throws {
            try exp.verifyNotExpired()
            try nbf?.verifyNotBefore()
        }
    }
}

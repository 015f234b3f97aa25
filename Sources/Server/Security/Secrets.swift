// Tokens, keys and certificates from the files that the settings name.

import FoundationEssentials
import NIOSSL
import Speech

extension Authenticator {
    init(_ configuration: ServerConfiguration) async throws {
        let files = [configuration.tokensFile, configuration.secretFile, configuration.keySetFile].filter {
            !$0.isEmpty
        }
        guard files.count <= 1 else {
            throw SettingsError("Set only one of auth-tokens-file, auth-secret-file and auth-jwks-file.")
        }
        let issuer = configuration.tokenIssuer.isEmpty ? nil : configuration.tokenIssuer
        let audience = configuration.tokenAudience.isEmpty ? nil : configuration.tokenAudience
        guard let path = files.first else {
            guard issuer == nil, audience == nil else {
                throw SettingsError("auth-issuer and auth-audience need auth-secret-file or auth-jwks-file.")
            }
            self = .off
            return
        }
        guard let data = FileManager.default.contents(atPath: path),
            let text = String(validating: data, as: UTF8.self)?.withoutByteOrderMark
        else {
            throw SettingsError("\(path) cannot be read as text.")
        }
        if path == configuration.tokensFile {
            self = try .tokens(Self.lines(text, path))
        } else if path == configuration.secretFile {
            let secret = Array(text.trimmingWhitespace().utf8)
            guard secret.count >= 32 else {
                throw SettingsError("\(path): the secret is shorter than 32 bytes; anybody could guess it.")
            }
            self = await .secret(secret, issuer: issuer, audience: audience)
        } else {
            do { self = try await .keySet(text, issuer: issuer, audience: audience) } catch {
                throw SettingsError("\(path) is not a JSON Web Key Set: \(error)")
            }
        }
    }

    private static func lines(_ text: String, _ path: String) throws(SettingsError) -> [String] {
        let tokens = text.split(whereSeparator: \.isNewline).map { String($0).trimmingWhitespace() }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard !tokens.isEmpty else { throw SettingsError("\(path) holds no token.") }
        guard tokens.allSatisfy({ $0.utf8.count >= 16 }) else {
            throw SettingsError("\(path): a token is shorter than 16 characters; anybody could guess it.")
        }
        return tokens
    }
}

extension ServerConfiguration {
    /// nil when the port speaks plain HTTP.
    func tlsContext() throws -> NIOSSLContext? {
        guard !certificate.isEmpty || !certificateKey.isEmpty else { return nil }
        guard !certificate.isEmpty, !certificateKey.isEmpty else {
            throw SettingsError("TLS needs both tls-certificate and tls-key.")
        }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate)
            let key = try NIOSSLPrivateKey(file: certificateKey, format: .pem)
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            tls.minimumTLSVersion = .tlsv12
            tls.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw SettingsError(
                "The certificate \(certificate) and the key \(certificateKey) cannot be used: \(error)")
        }
    }
}

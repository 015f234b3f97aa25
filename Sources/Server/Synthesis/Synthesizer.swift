// A loaded model behind its scheduler, whatever the engine is.

package import Speech

package protocol Synthesizer: AnyObject, Sendable {
    var information: ModelInformation { get }
    /// Tells voices prepared with this model from another's: `EngineDescription.identity`.
    var identity: String { get }
    var gauges: SchedulerGauges { get }

    /// Refused with `RATE_LIMITED` when too many wait. `client` is whose share of the machine it takes; `text` is where the
    /// request's words come from, and takes the rest of an open one. Speech for the server itself has no client ("").
    func speak(
        _ request: SpeechRequest, of text: TextInlet, priority: SpeakRequest.Priority, client: SpeechClient
    ) async throws(SpeakError) -> SpeechStream

    /// A voice from mono samples at the model's rate.
    func prepare(_ clip: [Float], transcript: String?) async throws(SpeakError) -> PreparedVoice

    /// Whether the model can speak in a voice that was prepared earlier.
    func accepts(_ voice: PreparedVoice) -> Bool

    func cancelAll() async
}

/// The engine, for scripts, behind a scheduler of its own.
package func schedule<Engine: SpeechEngine>(
    _ engine: sending Engine, identity: String, limits: SchedulerLimits,
    report: @escaping @Sendable (SpeechReport) -> Void
) -> any Synthesizer {
    SynthesisScheduler(ScriptedEngine(engine), identity: identity, limits: limits, report: report)
}

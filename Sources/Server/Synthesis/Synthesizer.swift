// A loaded model behind its scheduler, whatever the model is.

package import Speech

package protocol Synthesizer: AnyObject, Sendable {
    var information: ModelInformation { get }
    var gauges: SchedulerGauges { get }

    /// Refused with `RATE_LIMITED` when too many wait.
    func speak(_ job: SpeechJob) async throws(SpeakError) -> SpeechStream

    /// A voice from mono samples at the model's rate.
    func prepare(_ clip: [Float], transcript: String?) async throws(SpeakError) -> VoicePrompt

    func cancelAll() async
}

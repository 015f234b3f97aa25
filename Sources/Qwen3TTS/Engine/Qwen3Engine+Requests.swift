// What a request asks for, checked against what the checkpoint can do.

import Compute
import Speech
import Tokenization

extension Qwen3Engine {
    /// What every group of the request is conditioned on.
    func conditioning(_ request: SpeechRequest) throws(SynthesisError) -> Utterance.Conditioning {
        let (speaker, name, prompt) = try voice(request.voice)
        let language = try language(request.language, speaker: name)
        let instruction = try instruction(request.instruction)
        // The official default: preset speakers read the whole text first, clones one token a frame.
        let nonStreaming = name != nil && !request.isOpen
        var template = PromptRequest(textIDs: [], language: language, speaker: speaker)
        template.nonStreaming = nonStreaming
        template.instructionIDs = instruction.map { tokenizer.encode(Template.instruction($0)) }
        if let prompt, !prompt.codes.isEmpty {
            template.reference = (tokenizer.encode(Template.reference(prompt.transcript)), prompt.codes)
        }
        let key = PrefixCache.Key(
            voice: request.voice.cacheName(inContext: template.reference != nil), language: language,
            instruction: instruction, isStreaming: !nonStreaming)
        return Utterance.Conditioning(
            prompt: template, key: key, needsWholeText: nonStreaming || template.reference != nil)
    }

    private func voice(
        _ voice: SpeechVoice
    ) throws(SynthesisError) -> (row: Rows?, preset: String?, prompt: VoicePrompt?) {
        switch voice {
        case .none: return (nil, nil, nil)
        case .preset(let name):
            let known = configuration.tokens.spk_id ?? [:]
            guard let id = known[name.lowercased()] else {
                throw .unknownSpeaker(name, known: information.speakers)
            }
            return (embeddings.codec(id), name.lowercased(), nil)
        case .cloned(let id, let prepared):
            guard information.clones else {
                throw .unsupported("This checkpoint (\(information.variant)) cannot clone voices; it has speakers.")
            }
            guard let prompt = VoicePrompt(prepared, for: configuration) else {
                throw .unsupported("The voice \(id) was prepared with another model. Prepare it again with this one.")
            }
            return (Rows(prompt.speaker, columns: embeddings.hidden), nil, prompt)
        }
    }

    private func language(_ name: String, speaker: String?) throws(SynthesisError) -> Int? {
        let tokens = configuration.tokens
        guard name.lowercased() == "auto" || tokens.codec_language_id[name.lowercased()] != nil else {
            throw .unknownLanguage(name, known: ["auto"] + information.languages)
        }
        return tokens.language(name, speaker: speaker)
    }

    private func instruction(_ text: String?) throws(SynthesisError) -> String? {
        guard let text, !text.isEmpty else { return nil }
        guard information.takesInstructions else {
            throw .unsupported("This checkpoint takes no instruction how to speak; custom_voice and voice_design do.")
        }
        let (count, limit) = (text.unicodeScalars.count, SpeechRequest.promptLimit)
        guard count <= limit else { throw .textTooLong(characters: count, limit: limit) }
        return text
    }

    /// The checkpoint's own settings with the changes of a request.
    func options(_ request: SpeechOptions) throws(SynthesisError) -> GenerationOptions {
        try request.check()
        var options = GenerationOptions(
            configuration.generation, seed: request.seed ?? UInt64.random(in: 0 ... .max))
        for part in [\GenerationOptions.talker, \.codePredictor] {
            options[keyPath: part].change(temperature: request.temperature, topK: request.topK, topP: request.topP)
        }
        if let penalty = request.repetitionPenalty { options.repetitionPenalty = penalty }
        return options
    }
}

extension SpeechVoice {
    /// Equal for equal voices.
    fileprivate func cacheName(inContext: Bool) -> String {
        switch self {
        case .cloned(let id, _): (inContext ? "codes:" : "x-vector:") + id
        case .preset(let name): "preset:" + name.lowercased()
        case .none: ""
        }
    }
}

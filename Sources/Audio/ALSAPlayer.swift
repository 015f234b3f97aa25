// Playback through ALSA. The only file that knows alsa-lib.

import CALSA
import Glibc

/// One open playback device; closed when finished or dropped.
@safe package struct ALSAPlayer: ~Copyable, AudioPlayer {
    package let device: String
    package let sampleRate: Int
    /// 0 is silence, 1 the sound as it is.
    package let volume: Float
    /// How often the device ran out of sound and was started again.
    package private(set) var underruns = 0
    private let handle: OpaquePointer

    /// What the device may hold ahead of the ear, in microseconds: several 80 ms frames, so that one late frame is not
    /// heard.
    private static let latency: UInt32 = 320_000

    /// alsa-lib would print its own lines to stderr; every failure is thrown here instead.
    private static let silenced: Void = mk_alsa_silence()

    package init(device: String = "default", sampleRate: Int, volume: Float = 1) throws(AudioError) {
        precondition((0...1).contains(volume))
        guard supportedSampleRates.contains(sampleRate) else {
            throw .unsupportedSampleRate(sampleRate, allowed: supportedSampleRates)
        }
        let opened = unsafe try Self.open(device)
        let status = unsafe snd_pcm_set_params(
            opened, SND_PCM_FORMAT_S16, SND_PCM_ACCESS_RW_INTERLEAVED, 1, UInt32(sampleRate), 1, Self.latency)
        guard status >= 0 else {
            unsafe snd_pcm_close(opened)
            throw .deviceUnavailable(device: device, reason: alsaMessage(status))
        }
        self.device = device
        self.sampleRate = sampleRate
        self.volume = volume
        unsafe handle = opened
    }

    /// Whether sound can be played here now: opens the device and closes it again, without a sound or a message.
    package static func isAvailable(device: String = "default") -> Bool {
        guard let opened = unsafe try? open(device) else { return false }
        unsafe snd_pcm_close(opened)
        return true
    }

    /// The names of the devices that can play, with what ALSA says of them.
    package static func devices() -> [(name: String, description: String)] {
        _ = silenced
        var hints: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
        guard unsafe snd_device_name_hint(-1, "pcm", &hints) == 0, let hints = unsafe hints else { return [] }
        defer { unsafe _ = snd_device_name_free_hint(hints) }
        func field(_ hint: UnsafeMutableRawPointer, _ name: String) -> String? {
            guard let text = unsafe snd_device_name_get_hint(hint, name) else { return nil }
            defer { unsafe free(text) }
            return unsafe String(cString: text)
        }
        var devices: [(String, String)] = []
        var next = unsafe hints
        while let hint = unsafe next.pointee {
            // No direction means both.
            if let name = unsafe field(hint, "NAME"), unsafe field(hint, "IOID") != "Input" {
                let description = unsafe field(hint, "DESC") ?? ""
                devices.append((name, description.split(separator: "\n").joined(separator: ", ")))
            }
            unsafe next += 1
        }
        return devices
    }

    package mutating func play(_ samples: [Float]) throws(AudioError) {
        // In native order, as SND_PCM_FORMAT_S16.
        let values = try PCM.int16(volume == 1 ? samples : samples.map { $0 * volume })
        var written = 0
        while written < values.count {
            let count = unsafe values.withUnsafeBufferPointer { buffer in
                unsafe snd_pcm_writei(handle, buffer.baseAddress! + written, UInt(buffer.count - written))
            }
            if count >= 0 {
                written += Int(count)
            } else {
                if count == -Int(EPIPE) { underruns += 1 }
                // An underrun or a suspended device is started again; anything else stays an error.
                let status = unsafe snd_pcm_recover(handle, Int32(count), 1)
                guard status >= 0 else { throw .playbackFailed(device: device, reason: alsaMessage(status)) }
            }
        }
    }

    package consuming func finish() throws(AudioError) {
        let status = unsafe snd_pcm_drain(handle)
        guard status >= 0 else { throw .playbackFailed(device: device, reason: alsaMessage(status)) }
    }

    deinit {
        unsafe snd_pcm_drop(handle)
        unsafe snd_pcm_close(handle)
    }

    /// Does not wait for a device that another program holds: SND_PCM_NONBLOCK for the opening only.
    private static func open(_ device: String) throws(AudioError) -> OpaquePointer {
        _ = silenced
        var opened: OpaquePointer?
        var status = unsafe snd_pcm_open(&opened, device, SND_PCM_STREAM_PLAYBACK, Int32(SND_PCM_NONBLOCK))
        guard status >= 0, let opened = unsafe opened else {
            throw .deviceUnavailable(device: device, reason: alsaMessage(status))
        }
        status = unsafe snd_pcm_nonblock(opened, 0)
        guard status >= 0 else {
            unsafe snd_pcm_close(opened)
            throw .deviceUnavailable(device: device, reason: alsaMessage(status))
        }
        return unsafe opened
    }
}

private func alsaMessage(_ status: Int32) -> String {
    unsafe String(cString: snd_strerror(status))
}

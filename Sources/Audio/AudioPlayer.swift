// The seam between what speaks and where it is heard.

/// Something that plays mono sound as it arrives.
package protocol AudioPlayer: ~Copyable {
    var sampleRate: Int { get }  // Hz

    /// Hands over the next samples; waits while the device is behind.
    mutating func play(_ samples: [Float]) throws(AudioError)

    /// Waits until everything was heard, and closes the device. A player that is dropped instead falls silent at once.
    consuming func finish() throws(AudioError)
}

// A sound of one channel in 16 bits, which may still grow, with its peaks for drawing.

const STEP = 240  // samples of a peak

export class Sound {
  length = 0
  // Whether nothing more comes.
  isWhole = false
  #samples = new Int16Array(1 << 16)
  #peaks = new Uint16Array(1 << 9)

  constructor(rate) { this.rate = rate }

  // One that is there already: Int16Array.
  static whole(samples, rate) {
    const sound = new Sound(rate)
    sound.append(samples)
    sound.isWhole = true
    return sound
  }

  get seconds() { return this.length / this.rate }
  get samples() { return this.#samples.subarray(0, this.length) }

  append(samples) {
    const end = this.length + samples.length
    this.#samples = withRoom(this.#samples, end)
    this.#peaks = withRoom(this.#peaks, Math.ceil(end / STEP))
    this.#samples.set(samples, this.length)
    for (let i = 0; i < samples.length; i++) {
      const at = Math.floor((this.length + i) / STEP), size = Math.abs(samples[i])
      if (size > this.#peaks[at]) this.#peaks[at] = size
    }
    this.length = end
  }

  // Samples from -1 to 1, for playing.
  floats(from, to) { return Float32Array.from(this.#samples.subarray(from, to), value => value / 32768) }

  // The largest size of the samples in a stretch, 0 to 1.
  peak(from, to) {
    let largest = 0
    const end = Math.min(Math.ceil(this.length / STEP), Math.max(Math.ceil(to / STEP), Math.floor(from / STEP) + 1))
    for (let at = Math.floor(from / STEP); at < end; at++) largest = Math.max(largest, this.#peaks[at])
    return largest / 32768
  }

  wav() {
    const view = new DataView(new ArrayBuffer(44))
    const text = (at, value) => [...value].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)))
    const bytes = 2 * this.length
    text(0, 'RIFF'); view.setUint32(4, 36 + bytes, true); text(8, 'WAVEfmt ')
    view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true)
    view.setUint32(24, this.rate, true); view.setUint32(28, 2 * this.rate, true)
    view.setUint16(32, 2, true); view.setUint16(34, 16, true)
    text(36, 'data'); view.setUint32(40, bytes, true)
    return new Blob([view, this.samples], { type: 'audio/wav' })
  }
}

function withRoom(array, count) {
  if (count <= array.length) return array
  const larger = new array.constructor(Math.max(count, 2 * array.length))
  larger.set(array)
  return larger
}

// What this browser can decode, mixed to one channel at `rate`; no more than `longest` seconds of it.
export async function decode(blob, rate, longest) {
  const decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await blob.arrayBuffer())
  const channels = Array.from({ length: decoded.numberOfChannels }, (_, i) => decoded.getChannelData(i))
  const samples = new Int16Array(Math.min(decoded.length, longest * rate))
  for (let i = 0; i < samples.length; i++) {
    const mean = channels.reduce((sum, channel) => sum + channel[i], 0) / channels.length
    samples[i] = Math.round(Math.max(-1, Math.min(1, mean)) * 32767)
  }
  return { sound: Sound.whole(samples, rate), seconds: decoded.duration }
}

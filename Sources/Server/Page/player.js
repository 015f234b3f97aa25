// Plays a sound, also while it still grows: pieces of it are put on the clock of the sound device, each on the sample where the one
// before ends. (An audio worklet would do as well, but browsers have none on pages without TLS.)

import { Sound } from './sound.js'

const PIECE = 5   // seconds of a piece at most
const AHEAD = 20  // seconds that lie ready on the clock at most
const PATIENCE = 2000  // milliseconds in which a sound device begins
const LEAD = 0.1  // seconds by which a sound that begins, or that came too late, begins later, so that it does not stumble

let context   // one for the page: browsers lend few
let sounding  // the player that was heard last: two at once are never wanted

export class Player {
  sound = new Sound(24000)
  // 'idle', 'playing', 'paused' or 'done'.
  state = 'idle'
  // Samples that were heard to their end, and holes between them, since the sound was loaded.
  heard = 0
  gaps = 0
  #volume
  #level = 1
  #run         // what the pieces since the last jump go through
  #pieces = []
  #from = 0    // where the next piece begins, in samples
  #next = 0    // when, on the device's clock
  #began       // when playing did
  #changed

  // `changed` is called when the state has changed.
  constructor(changed) { this.#changed = changed }

  load(sound) {
    this.stop()
    this.sound = sound
    Object.assign(this, { heard: 0, gaps: 0 })
  }

  // By a tap or a key: browsers refuse sound that nobody asked for.
  play() {
    if (sounding !== this) sounding?.pause()
    sounding = this
    this.#open()
    if (this.state === 'playing') return
    if (this.state === 'done') this.#from = 0
    this.#began = performance.now()
    this.#become('playing')
    this.more()
  }

  pause() {
    if (this.state !== 'playing') return
    const position = this.position
    this.#silence()
    this.#from = position
    this.#become('paused')
  }

  // Whether the sound device takes nothing: there is none, or the browser holds it back.
  get isStuck() { return this.state === 'playing' && context.state !== 'running' && performance.now() - this.#began > PATIENCE }

  seek(sample) {
    this.#silence()
    this.#from = Math.round(Math.max(0, Math.min(sample, this.sound.length)))
    if (this.state === 'done') this.#become('paused')
    this.more()
  }

  stop() {
    this.#silence()
    this.#from = 0
    this.#become('idle')
  }

  set volume(value) {
    this.#level = value
    if (this.#volume) this.#volume.gain.value = value
  }

  // The sample that is heard now.
  get position() {
    if (this.state === 'done') return this.sound.length
    if (this.#pieces.length === 0) return this.#from
    const now = context.currentTime
    while (this.#pieces.length > 1 && this.#pieces[1].at <= now) this.#pieces.shift()
    const { from, at, length } = this.#pieces[0]
    return Math.round(from + Math.max(0, Math.min(length, (now - at) * this.sound.rate)))
  }

  // Puts on the clock what has come, as far as it is needed soon.
  more() {
    if (this.state !== 'playing') return
    const now = context.currentTime
    while (this.#from < this.sound.length && this.#next < now + AHEAD) {
      if (this.#next < now + 0.005) {
        if (this.#pieces.length > 0) this.gaps++
        this.#next = now + LEAD
      }
      this.#schedule(Math.min(this.sound.length, this.#from + PIECE * this.sound.rate))
    }
    const isOver = this.#from >= this.sound.length && this.#pieces.every(piece => piece.isOver)
    if (isOver && this.sound.isWhole) {
      this.#silence()
      this.#become('done')
    }
  }

  #schedule(end) {
    const samples = this.sound.floats(this.#from, end)
    const buffer = context.createBuffer(1, samples.length, this.sound.rate)
    buffer.copyToChannel(samples, 0)
    const source = new AudioBufferSourceNode(context, { buffer })
    source.connect(this.#run)
    source.start(this.#next)
    const piece = { source, at: this.#next, from: this.#from, length: samples.length, isOver: false }
    source.onended = () => {
      piece.isOver = true
      this.heard += piece.length
      // The last one stays: it tells the position.
      this.#pieces = this.#pieces.filter((one, i, all) => !one.isOver || i === all.length - 1)
      this.more()
    }
    this.#pieces.push(piece)
    this.#next += samples.length / this.sound.rate
    this.#from = end
  }

  #open() {
    context ??= new AudioContext({ sampleRate: this.sound.rate })
    context.resume()
    if (this.#volume) return
    this.#volume = new GainNode(context, { gain: this.#level })
    this.#volume.connect(context.destination)
    this.#newRun()
  }

  #newRun() {
    this.#run = new GainNode(context)
    this.#run.connect(this.#volume)
  }

  // Takes back what was put on the clock. It fades for some milliseconds, for a sound that is cut clicks.
  #silence() {
    if (!this.#run) return
    const now = context.currentTime
    this.#run.gain.setTargetAtTime(0, now, 0.004)
    for (const { source, isOver } of this.#pieces) {
      source.onended = null
      if (!isOver) source.stop(now + 0.03)
    }
    this.#pieces = []
    this.#next = 0
    this.#newRun()
  }

  #become(state) {
    this.state = state
    this.#changed(state)
  }
}

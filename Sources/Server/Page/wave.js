// The drawing of a sound: bars in the pixels that the display has, what was heard in another colour than what was not.

const BAR = 2, GAP = 1  // CSS pixels

export class Wave {
  #canvas
  #key

  constructor(canvas) {
    this.#canvas = canvas
    new ResizeObserver(() => this.#forget()).observe(canvas)
    for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
      matchMedia(query).addEventListener('change', () => this.#forget())
    }
  }

  // `span` is the length that the whole width stands for: that of the sound, or what is expected of it. All in samples.
  draw(sound, position, span) {
    const canvas = this.#canvas, ratio = devicePixelRatio || 1
    const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio)
    const step = Math.max(2, Math.round((BAR + GAP) * ratio)), bar = Math.max(1, Math.round(BAR * ratio))
    const heard = span > 0 ? Math.round(position / span * width / step) : 0
    const key = [width, height, sound.length, heard, span].join()
    if (key === this.#key) return
    this.#key = key
    this.#last = [sound, position, span]
    Object.assign(canvas, { width, height })
    const brush = canvas.getContext('2d')
    const colours = getComputedStyle(canvas)
    const [past, coming] = [colours.getPropertyValue('--accent'), colours.getPropertyValue('--soft')]
    for (let i = 0; i * step < width; i++) {
      const from = i * step / width * span, to = Math.min((i + 1) * step / width * span, sound.length)
      const size = from < sound.length ? sound.peak(from, to) : 0
      const tall = Math.max(ratio, Math.min(1, size * 1.4) * height)
      brush.fillStyle = i < heard ? past : coming
      brush.globalAlpha = from < sound.length ? 1 : 0.35
      brush.fillRect(i * step, (height - tall) / 2, bar, tall)
    }
  }

  #last
  #forget() {
    this.#key = undefined
    if (this.#last) this.draw(...this.#last)
  }
}

// What was said last, or is being said: play, pause, seek, the sentence that sounds, download.

import { $, about, clock, element, face, tell } from './dom.js'
import { Player } from './player.js'
import { ask, kept, keep } from './server.js'
import { RATE } from './speech.js'
import { Wave } from './wave.js'

const LETTER = 0.075   // seconds that a letter takes until something better is known
const LONG = 20        // seconds from which on it is said how much of a text is made
const VOLUME = 'makima-volume'

// The utterance in the panel: { wish, voiceName, sound, sentences, complete, isMaking, isStopped }.
let item
const player = new Player(() => refresh())
const wave = new Wave($('wave'))

// Figures for tests and for whoever looks.
window.makima = {
  get state() { return state() },
  get samples() { return player.heard },
  get gaps() { return player.gaps },
  get received() { return item?.sound.length ?? 0 },
  get position() { return player.position },
  get expected() { return item ? expected() : 0 },
  get sentence() { return sounding()?.index },
  get complete() { return item?.complete },
}

function state() {
  if (!item) return 'idle'
  if (item.isMaking && item.sound.length === 0) return 'waiting'
  if (player.state === 'playing') return 'speaking'
  return item.isStopped && player.state === 'idle' ? 'stopped' : player.state
}

// Takes an utterance, and plays it as far as it is there. What it said before is gone from the panel.
export function show(next) {
  item?.end?.()
  item = next
  letters = [...item.wish.text]
  marked = undefined
  $('player').hidden = false
  $('spoken').replaceChildren(item.wish.text)
  tell($('said'), item.isMaking ? 'One moment…' : '')
  player.load(item.sound)
  player.play()
  $('player').scrollIntoView({ block: 'nearest' })
}

// Something of the utterance has come.
export function more(of) {
  if (of === item) player.more()
  refresh()
}

export function say(of, message) {
  if (of === item) tell($('said'), message)
}

// What has come of it is all that comes.
export function failed(of, message) {
  Object.assign(of, { isMaking: false, isStopped: true, failure: message })
  of.sound.isWhole = true
  if (of !== item) return
  tell($('said'), message, true)
  if (of.sound.length === 0) player.stop()
  more(of)
}

// Ends the making and the sound.
export function stop() {
  if (!item) return
  if (item.isMaking) item.isStopped = true
  item.end?.()
  item.isMaking = false
  item.sound.isWhole = true
  player.stop()
}

export const isBusy = () => item !== undefined && (item.isMaking || player.state === 'playing')

// Samples that the whole utterance will have, as far as that can be known.
function expected() {
  if (item.sound.isWhole) return item.sound.length
  const last = item.sentences.at(-1)
  const perLetter = last?.end > 0 ? last.endMs / 1000 / last.end : LETTER / (item.wish.speed ?? 1)
  return Math.max(item.sound.length, letters.length * perLetter * RATE)
}

// ---- What is seen

let letters = [], marked, announced, frame, step

function refresh() {
  cancelAnimationFrame(frame)
  clearTimeout(step)
  if (!item) return
  const position = player.position, whole = expected()
  wave.draw(item.sound, position, whole)
  showTimes(position / RATE, whole / RATE)
  showButtons()
  announce()
  markSentence()
  if (!isBusy()) return
  // Who wants little motion gets steps.
  const steps = matchMedia('(prefers-reduced-motion: reduce)').matches || document.hidden
  if (steps) step = setTimeout(refresh, 250)
  else frame = requestAnimationFrame(refresh)
}

function showTimes(now, whole) {
  const slider = $('position')
  slider.max = Math.max(1, Math.round(whole * 100))
  slider.value = Math.round(now * 100)
  slider.setAttribute('aria-valuetext', `${clock(now)} of ${clock(whole)}`)
  $('now').textContent = clock(now)
  $('whole').textContent = (item.sound.isWhole ? '' : 'about ') + clock(whole)
  const isLong = whole > LONG
  $('left').textContent = isLong && isBusy() && item.sound.length > 0 ? `${about(whole - now)} left` : ''
  $('making').hidden = !(isLong && item.isMaking)
  const part = whole > 0 ? item.sound.seconds / whole : 0
  $('made-part').value = part
  $('made-percent').textContent = Math.floor(part * 100) + ' %'
}

function showButtons() {
  const isPlaying = player.state === 'playing'
  const shown = isPlaying ? 'pause' : 'play'
  if ($('toggle').dataset.shape !== shown) {
    $('toggle').dataset.shape = shown
    face($('toggle'), shown, isPlaying ? 'Pause' : 'Play')
  }
  const isEmpty = item.sound.length === 0
  $('toggle').disabled = isEmpty && !item.isMaking
  $('again').disabled = isEmpty
  $('stop').disabled = !isBusy()
  for (const button of $('downloads').querySelectorAll('button')) {
    // What was cut short is there as it is; the other formats are made of the whole text.
    button.disabled = isEmpty || item.isMaking || Boolean(item.isStopped && button.value !== 'wav')
  }
}

// Says each change of state once.
function announce() {
  const now = player.isStuck ? 'stuck' : state()
  if (now === announced) return
  announced = now
  if (item.failure) return tell($('said'), item.failure, true)
  switch (now) {
  case 'stuck': return tell($('said'), 'This browser plays no sound. Is a loudspeaker connected, and the page allowed to use it?', true)
  case 'speaking': return tell($('said'), 'Speaking.')
  case 'paused': return tell($('said'), 'Paused.')
  case 'done': return tell($('said'), `Done. ${item.sound.seconds.toFixed(1)} s.`)
  case 'stopped': tell($('said'), 'Stopped.')
  }
}

function sounding() {
  if (!item || !['playing', 'paused'].includes(player.state)) return undefined
  const now = player.position / RATE * 1000
  return item.sentences.find(one => now >= one.startMs - 50 && now < one.endMs + 50)
}

function markSentence() {
  const sentence = sounding()
  // In the pause between two the first one stays.
  if (sentence === marked || (!sentence && player.state === 'playing')) return
  marked = sentence
  const part = (from, to) => letters.slice(from, to).join('')
  if (!sentence) return $('spoken').replaceChildren(item.wish.text)
  const mark = element('mark', {}, part(sentence.start, sentence.end))
  $('spoken').replaceChildren(part(0, sentence.start), mark, part(sentence.end))
  const box = $('spoken'), lines = mark.getBoundingClientRect(), frame = box.getBoundingClientRect()
  if (lines.top < frame.top || lines.bottom > frame.bottom) box.scrollTop += lines.top - frame.top - frame.height / 3
}

// ---- What is done

face($('again'), 'again', 'Again')
face($('stop'), 'stop', 'Stop')

$('toggle').onclick = () => player.state === 'playing' ? player.pause() : player.play()
$('again').onclick = () => {
  player.seek(0)
  player.play()
}
$('stop').onclick = stop
$('position').oninput = () => {
  player.seek($('position').value / 100 * RATE)
  refresh()
}
$('volume').oninput = () => {
  player.volume = ($('volume').value / 100) ** 2  // as loudness is felt
  keep(() => localStorage, VOLUME, $('volume').value)
}
$('volume').value = kept(() => localStorage, VOLUME) ?? 100
player.volume = ($('volume').value / 100) ** 2

// The page makes the WAV; other formats the appliance makes of the same text with the same random numbers, which is the same sound.
$('downloads').onclick = async event => {
  const format = event.target.closest('button')?.value, { wish, sound } = item
  if (!format) return
  tell($('download-state'), format === 'wav' ? '' : 'One moment…')
  try {
    const { text: input, ...how } = wish
    const json = { input, model: 'tts-1', response_format: format, ...how }
    const blob = format === 'wav' ? sound.wav() : await (await ask('/v1/audio/speech', { method: 'POST', json })).blob()
    save(blob, `${fileName(wish.text)}.${format}`)
    tell($('download-state'))
  } catch (error) {
    tell($('download-state'), error.message, true)
  }
}

function save(blob, name) {
  // Of a kind that no browser knows better than the name does: Firefox calls Opus in Ogg ".ogx".
  const plain = new Blob([blob], { type: 'application/octet-stream' })
  const link = element('a', { href: URL.createObjectURL(plain), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
}

// The first words.
function fileName(text) {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return words.slice(0, 6).join('-').slice(0, 60) || 'speech'
}

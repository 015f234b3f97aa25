// Making a voice: a recording of the microphone or a file, what is good or bad about it, and the words that go with it.

import { $, clock, complain, element, face, question, tell } from './dom.js'
import { Player } from './player.js'
import { askJSON, limits } from './server.js'
import { decode } from './sound.js'
import { RATE } from './speech.js'
import { isNamed, refreshVoices } from './voices.js'

const TIMES = 3  // a file may be so much larger than what is sent of it: the sound of a film is a part of it
const READABLE = /\.(wav|flac|mp3|ogg|oga|opus)$/i
const FIELDS = { audio: 'clip', name: 'name', transcript: 'transcript', language: 'clip-language', description: 'who',
  consent: 'consent' }

// What is sent: a Blob.
let clip
const player = new Player(state => showListening(state === 'playing'))

// ---- The recording

function showListening(on) { face($('clip-play'), on ? 'stop' : 'play', on ? 'Stop' : 'Listen to it') }

function forgetClip() {
  clip = undefined
  player.stop()
  $('clip-play').hidden = true
  $('report').replaceChildren()
  complain($('clip'))
}

// "5 to 10 s", as the appliance says.
const best = () => `${limits.clipSeconds.bestFrom} to ${limits.clipSeconds.bestTo} s`

export const showLimits = () => { $('best-length').textContent = best() }

// What the appliance reads is sent as it is, if it is short enough; of the rest (phones record M4A, browsers WebM) this browser makes
// WAV, and of what is too long it sends the beginning.
async function take(blob, name) {
  forgetClip()
  const { least, most } = limits.clipSeconds
  if (blob.size > TIMES * limits.uploadBytes) {
    return complain($('clip'), `${name} is too large: ${most} seconds are enough.`)
  }
  tell($('recorded'), 'Reading the recording…')
  try {
    const { sound, seconds } = await decode(blob, RATE, most)
    clip = READABLE.test(name) && seconds <= most && blob.size < limits.uploadBytes ? blob : sound.wav()
    player.load(sound)
    $('clip-play').hidden = false
    tell($('recorded'), `${name}, ${Math.min(seconds, most).toFixed(1)} s`)
    if (seconds < least) complain($('clip'), `Too short: at least ${least} s are needed, ${best()} are best.`)
    if (seconds > most) report(`It has ${clock(seconds)}; its first ${most} seconds are used.`, 'warning')
  } catch {
    // The appliance may know what this browser does not.
    clip = blob
    tell($('recorded'), `${name}. This browser cannot play it; perhaps the appliance can read it.`)
  }
}

$('clip-play').onclick = () => player.state === 'playing' ? player.stop() : player.play()
showListening(false)

for (const input of [$('clip'), $('capture')]) {
  input.onchange = () => {
    if (input.files[0]) take(input.files[0], input.files[0].name)
    input.value = ''  // so that the same file can be chosen again
  }
}
for (const kind of ['dragover', 'dragleave', 'drop']) {
  $('drop').addEventListener(kind, event => {
    event.preventDefault()
    $('drop').classList.toggle('over', kind === 'dragover')
    const file = event.dataTransfer.files[0]
    if (kind === 'drop' && file) take(file, file.name)
  })
}

// ---- The microphone

const hasMicrophone = Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder)
$('record').hidden = !hasMicrophone
$('by-phone').hidden = hasMicrophone
$('microphone').hidden = hasMicrophone
showRecording(false)

let recording  // { recorder, stop }

function showRecording(on) {
  face($('record'), on ? 'stop' : 'record', on ? 'End the recording' : 'Record')
  $('level').hidden = !on
}

$('record').onclick = async () => {
  if (recording) return recording.stop()
  forgetClip()
  $('record').disabled = true
  try {
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
    recording = record(await navigator.mediaDevices.getUserMedia({ audio }))
    showRecording(true)
  } catch (error) {
    const why = error.name === 'NotAllowedError' ? 'this browser was not allowed to use it.' : error.message
    complain($('clip'), `The microphone cannot be used: ${why}`)
  }
  $('record').disabled = false
}

function record(stream) {
  const pieces = [], recorder = new MediaRecorder(stream), began = performance.now()
  const showLevel = meter(stream)
  const timer = setInterval(() => {
    const seconds = (performance.now() - began) / 1000
    tell($('recorded'), `${clock(seconds)}. Speak on: ${best()} are best.`)
    showLevel()
    if (seconds >= limits.clipSeconds.most) stop()
  }, 100)
  const stop = () => { if (recorder.state !== 'inactive') recorder.stop() }
  recorder.ondataavailable = event => pieces.push(event.data)
  recorder.onstop = () => {
    clearInterval(timer)
    showLevel.end()
    stream.getTracks().forEach(track => track.stop())
    recording = undefined
    showRecording(false)
    take(new Blob(pieces, { type: recorder.mimeType }), 'Your recording')
  }
  recorder.start()
  return { recorder, stop }
}

// How loud it is, while it is recorded.
function meter(stream) {
  const context = new AudioContext(), analyser = context.createAnalyser()
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const show = () => {
    analyser.getFloatTimeDomainData(samples)
    const decibels = 10 * Math.log10(samples.reduce((sum, one) => sum + one * one, 1e-9) / samples.length)
    $('level').value = Math.max(0, (decibels + 60) / 60)
  }
  show.end = () => context.close()
  return show
}

// ---- What was found in it

function report(text, kind) { $('report').append(element('li', { className: kind }, text)) }

function showReport(found) {
  $('report').replaceChildren()
  if (!found) return
  for (const { severity, message } of found.findings) report(message, severity)
  if (found.findings.length === 0) {
    report(`The recording is good: ${found.durationSeconds.toFixed(1)} s, loud enough, little noise.`, 'good')
  }
}

// ---- The form

for (const id of ['name', 'transcript', 'who']) $(id).addEventListener('input', () => complain($(id)))
$('consent').addEventListener('change', () => complain($('consent')))

// What is missing, beside where it is missing; the first of it gets the focus.
function isFilled() {
  const name = $('name').value.trim()
  complain($('clip'), clip ? $('clip-error').textContent : 'Record something, or choose a recording, first.')
  complain($('name'), name ? '' : 'The voice needs a name.')
  complain($('consent'), $('consent').checked ? '' : 'Without the consent of that person no voice is made.')
  const missing = ['clip', 'name', 'consent'].find(id => $(id + '-error').textContent)
  if (missing) $(missing).focus()
  return !missing
}

$('make').onsubmit = async event => {
  event.preventDefault()
  tell($('made'))
  if (!isFilled()) return
  const name = $('name').value.trim()
  const again = `There is a voice of this name already. Make a second one, also called ${name}?`
  if (isNamed(name) && !await question(`Another ${name}?`, again, 'Make it')) return $('name').focus()
  const form = new FormData()
  form.append('audio', clip, 'clip')
  form.append('name', name)
  for (const [field, id] of [['transcript', 'transcript'], ['description', 'who'], ['language', 'clip-language']]) {
    if ($(id).value.trim()) form.append(field, $(id).value.trim())
  }
  form.append('consent', 'Confirmed on the page: the person agreed to the use of their voice.')
  await send(form)
}

async function send(form) {
  tell($('made'), 'Listening to the recording…')
  $('make-it').disabled = true
  try {
    const { voice, report: found } = await askJSON('/api/v1/voices', { method: 'POST', body: form })
    $('make').reset()
    forgetClip()
    showReport(found)
    tell($('recorded'))
    await refreshVoices(voice.id)
    tell($('made'), `The voice ${voice.name} is ready, and chosen.`)
  } catch (error) {
    fail(error)
  }
  $('make-it').disabled = false
}

// What the appliance says of a field goes beside it, without the field's name in front.
function fail(error) {
  tell($('made'))
  if (error.report) {
    showReport(error.report)
    complain($('clip'), 'This recording will not do:')
    return $('clip').focus()
  }
  const id = FIELDS[error.field]
  if (!id) return tell($('made'), error.message, true)
  complain($(id), error.reason)
  $(id).focus()
}

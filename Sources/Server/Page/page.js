// The page: speaks over the WebSocket of /api/v1/speak and plays the sound as it comes; makes voices over /api/v1/voices.

const $ = id => document.getElementById(id)
const headers = () => ($('token').value ? { authorization: 'Bearer ' + $('token').value } : {})
const names = new Intl.DisplayNames([navigator.language], { type: 'language' })
const codes = { english: 'en', chinese: 'zh', japanese: 'ja', korean: 'ko', german: 'de', french: 'fr', russian: 'ru',
  portuguese: 'pt', spanish: 'es', italian: 'it' }

// Figures for tests and for whoever looks: samples heard, gaps between them.
const state = window.makima = { samples: 0, gaps: 0, state: 'idle' }

// ---- Model and voices

async function get(path) {
  const answer = await fetch(path, { headers: headers() })
  const body = await answer.json()
  if (answer.status === 401) $('access').open = true
  return { ok: answer.ok, body }
}

async function showModel() {
  try {
    const { ok, body } = await get('/ready')
    $('model').textContent = ok ? `${body.model.name}, ${body.model.format}` : body.message
    if (!ok) return setTimeout(showModel, 1000)
    for (const language of body.model.languages) {
      if ([...$('language').options].some(o => o.value === language)) continue
      $('language').add(new Option(codes[language] ? names.of(codes[language]) : language, language))
    }
    await showVoices()
  } catch {
    $('model').textContent = 'The server cannot be reached.'
    setTimeout(showModel, 3000)
  }
}

async function showVoices(chosen) {
  const { ok, body } = await get('/api/v1/voices')
  if (!ok) return say(body.error.message, true)
  $('voice').replaceChildren(...body.voices.map(v => new Option(v.name, v.id, v.isDefault, v.isDefault)))
  if (chosen) $('voice').value = chosen
}

// ---- What will be said

let asking = 0

// The words of the text, with its pauses, as the server would speak them now.
async function showWords() {
  if (!$('spelled').open) return
  const own = ++asking
  const body = JSON.stringify({ text: $('text').value, voice: $('voice').value || undefined, language: $('language').value })
  try {
    const answer = await fetch('/api/v1/words', { method: 'POST', headers: headers(), body })
    const words = await answer.json()
    if (own !== asking) return
    $('words').replaceChildren(...(answer.ok ? words.steps.map(step) : [words.error.message]))
  } catch {
    if (own === asking) $('words').textContent = 'The server cannot be reached.'
  }
}

function step({ text, language, pauseMs }) {
  const part = document.createElement('span')
  if (pauseMs === undefined) part.textContent = text + ' '
  else { part.className = 'pause'; part.textContent = `[${pauseMs / 1000} s] ` }
  if (codes[language]) part.lang = codes[language]
  return part
}

let typed
$('text').addEventListener('input', () => { clearTimeout(typed); typed = setTimeout(showWords, 300) })
for (const id of ['voice', 'language']) $(id).addEventListener('change', showWords)
$('spelled').addEventListener('toggle', showWords)

// ---- Playing

const RATE = 24000
let context, socket, next = 0, sources = new Set(), heard = 0, asked = 0

function say(message, isBad = false) {
  $('said').textContent = message
  $('said').className = isBad ? 'bad' : ''
}

function setSpeaking(on) {
  $('start').disabled = on
  $('stop').disabled = !on
  state.state = on ? 'speaking' : 'idle'
}

// Each piece begins on the sample where the one before ends. When the next piece is late, playing waits a moment, so that
// it does not stumble at every piece.
function play(samples) {
  const buffer = context.createBuffer(1, samples.length, RATE)
  buffer.copyToChannel(samples, 0)
  const source = context.createBufferSource()
  source.buffer = buffer
  source.connect(context.destination)
  const now = context.currentTime
  if (next < now + 0.005) {
    if (heard > 0) state.gaps++
    next = now + 0.12
  }
  source.start(next)
  played.push({ at: next, from: heard / RATE })
  next += samples.length / RATE
  sources.add(source)
  source.onended = () => {
    sources.delete(source)
    state.samples += samples.length
    if (sources.size === 0 && !socket) setSpeaking(false)
  }
  heard += samples.length
  $('length').textContent = (heard / RATE).toFixed(1) + ' s'
  draw(samples)
}

// The sentence that sounds is marked. What is known of sentences comes a little behind the sound, but before it is heard.
let sentences = [], played = [], letters = [], marked

function showSpoken(text) {
  letters = [...text]
  sentences = []; played = []; marked = undefined
  $('spoken').hidden = true
  $('spoken').textContent = text
}

function markSentence() {
  while (played.length > 1 && played[1].at <= context.currentTime) played.shift()
  const piece = played[0]
  const now = piece ? (piece.from + context.currentTime - piece.at) * 1000 : -1
  const sounding = state.state === 'speaking' ? sentences.find(s => now >= s.startMs - 50 && now < s.endMs + 50) : undefined
  state.sentence = sounding?.index
  if (sounding !== marked && (sounding || state.state !== 'speaking')) {
    marked = sounding
    const part = (from, to) => letters.slice(from, to).join('')
    const mark = Object.assign(document.createElement('mark'), { textContent: part(sounding?.start ?? 0, sounding?.end ?? 0) })
    $('spoken').hidden = !sounding
    $('spoken').replaceChildren(part(0, sounding?.start ?? 0), mark, part(sounding?.end ?? 0))
  }
  if (state.state === 'speaking') requestAnimationFrame(markSentence)
}

function stop() {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'stop' }))
  socket?.close()
  socket = undefined
  for (const source of sources) { source.onended = null; source.stop() }
  sources.clear()
  setSpeaking(false)
  say('Stopped.')
}

// Peaks of the newest sound, moving to the left.
const peaks = []
function draw(samples) {
  const step = 480
  for (let i = 0; i < samples.length; i += step) {
    let peak = 0
    for (let k = i; k < Math.min(i + step, samples.length); k++) peak = Math.max(peak, Math.abs(samples[k]))
    peaks.push(peak)
  }
  const canvas = $('wave'), width = canvas.width = canvas.clientWidth
  peaks.splice(0, Math.max(0, peaks.length - width / 3))
  const brush = canvas.getContext('2d')
  brush.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--accent')
  peaks.forEach((peak, i) => {
    const height = Math.max(1, peak * canvas.height)
    brush.fillRect(i * 3, (canvas.height - height) / 2, 2, height)
  })
}

$('speak').onsubmit = async event => {
  event.preventDefault()
  context ??= new AudioContext({ sampleRate: RATE })
  await context.resume()
  heard = 0; next = 0; peaks.length = 0
  Object.assign(state, { samples: 0, gaps: 0, received: 0, complete: undefined })
  setSpeaking(true)
  showSpoken($('text').value)
  markSentence()
  say('…')
  for (const id of ['first', 'speed', 'length']) $(id).textContent = '–'
  const own = socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/speak`)
  own.binaryType = 'arraybuffer'
  own.onopen = () => {
    const start = { type: 'start', sampleRate: RATE, encoding: 'pcm16', voice: $('voice').value || undefined,
      language: $('language').value, sentences: true, buffer: 'auto', authToken: $('token').value || undefined }
    own.send(JSON.stringify(start))
    own.send(JSON.stringify({ type: 'speak', text: $('text').value }))
    asked = performance.now()
  }
  own.onmessage = event => {
    if (own !== socket) return
    if (typeof event.data !== 'string') {
      if (heard === 0) {
        $('first').textContent = Math.round(performance.now() - asked) + ' ms'
        say('Speaking.')
      }
      const values = new Int16Array(event.data)
      state.received += values.length
      return play(Float32Array.from(values, v => v / 32768))
    }
    const message = JSON.parse(event.data)
    if (message.type === 'sentence') {
      sentences.push(message)
    } else if (message.type === 'buffering') {
      say(`This computer speaks slowly: it begins in about ${Math.ceil(message.startsInMs / 1000)} s.`)
    } else if (message.type === 'complete') {
      state.complete = message
      const times = message.realTimeFactor > 0 ? (1 / message.realTimeFactor).toFixed(2) : 'over 1000'
      $('speed').textContent = times + ' × real time'
      say(message.finishReason === 'stop' ? 'Done.' : `Ended early: ${message.finishReason}.`)
      finish(own)
    } else if (message.type === 'error') {
      if (message.code === 'UNAUTHORIZED') $('access').open = true
      say(message.message, true)
      if (message.code !== 'VOICE_NOT_FOUND') finish(own)
    }
  }
  own.onclose = () => {
    if (own !== socket) return
    socket = undefined
    if (heard === 0) say('The connection was closed before any sound came.', true)
    if (sources.size === 0) setSpeaking(false)
  }
}

function finish(own) {
  socket = undefined
  own.close()
  if (sources.size === 0) setSpeaking(false)
}

$('stop').onclick = stop

// ---- Making a voice

let clip, recorder

function take(blob, name) {
  clip = blob
  $('recorded').textContent = `${name}, ${(blob.size / 1024).toFixed(0)} KiB`
}

// What the server reads is sent as it is; of the rest (phones record M4A, browsers WebM) this browser makes WAV.
async function takeFile(file) {
  if (/\.(wav|flac|mp3|ogg|oga|opus)$/i.test(file.name)) return take(file, file.name)
  try {
    take(await wav(file), file.name)
  } catch {
    $('recorded').textContent = `${file.name} is no recording that this browser can read.`
  }
}

$('clip').onchange = () => { if ($('clip').files[0]) takeFile($('clip').files[0]) }
for (const kind of ['dragover', 'dragleave', 'drop']) {
  $('drop').addEventListener(kind, event => {
    event.preventDefault()
    $('drop').classList.toggle('over', kind === 'dragover')
    if (kind === 'drop' && event.dataTransfer.files[0]) takeFile(event.dataTransfer.files[0])
  })
}

if (!navigator.mediaDevices?.getUserMedia) {
  $('record').disabled = true
  $('microphone').hidden = false
}

// Browsers record in formats of their own; what is sent is WAV.
async function wav(blob) {
  const bytes = await blob.arrayBuffer()
  const decoder = new OfflineAudioContext(1, 1, RATE)
  const sound = await decoder.decodeAudioData(bytes)
  const samples = sound.getChannelData(0)
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length))
  const text = (at, value) => [...value].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)))
  text(0, 'RIFF'); view.setUint32(4, 36 + 2 * samples.length, true); text(8, 'WAVEfmt ')
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true)
  view.setUint32(24, RATE, true); view.setUint32(28, 2 * RATE, true); view.setUint16(32, 2, true); view.setUint16(34, 16, true)
  text(36, 'data'); view.setUint32(40, 2 * samples.length, true)
  samples.forEach((s, i) => view.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, s)) * 32767, true))
  return new Blob([view], { type: 'audio/wav' })
}

$('record').onclick = async () => {
  if (recorder) return recorder.stop()
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false } })
    const pieces = []
    recorder = new MediaRecorder(stream)
    recorder.ondataavailable = event => pieces.push(event.data)
    recorder.onstop = async () => {
      stream.getTracks().forEach(track => track.stop())
      recorder = undefined
      $('record').textContent = 'Record'
      take(await wav(new Blob(pieces)), 'Recording')
    }
    recorder.start()
    $('record').textContent = 'End the recording'
    setTimeout(() => recorder?.stop(), 30000)
  } catch (error) {
    $('recorded').textContent = 'The microphone cannot be used: ' + error.message
  }
}

function made(message, isBad) {
  $('made').textContent = message
  $('made').className = isBad ? 'bad' : ''
}

// What the server found in the recording, in its own words.
function show(report) {
  const lines = Object.entries(report ?? {}).map(([name, value]) =>
    `${name}: ${Array.isArray(value) ? value.join(', ') || 'none' : typeof value === 'number' ? +value.toFixed(2) : value}`)
  $('report').replaceChildren(...lines.map(line => Object.assign(document.createElement('li'), { textContent: line })))
}

$('make').onsubmit = async event => {
  event.preventDefault()
  if (!clip) return made('Choose or record a clip first.', true)
  const form = new FormData()
  form.append('audio', clip, 'clip')
  form.append('name', $('name').value)
  if ($('transcript').value) form.append('transcript', $('transcript').value)
  form.append('consent', 'Confirmed on the page: the person agreed to the use of their voice.')
  made('Listening to the recording…')
  try {
    const answer = await fetch('/api/v1/voices', { method: 'POST', body: form, headers: headers() })
    const body = await answer.json()
    show(body.report)
    if (!answer.ok) return made(body.error.message, true)
    made(`The voice ${body.voice.name} is ready.`)
    await showVoices(body.voice.id)
  } catch (error) {
    made('The server cannot be reached: ' + error.message, true)
  }
}

showModel()

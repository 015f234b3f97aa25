// The page: what speaks, whether it can be reached, and whether it asks for a token. The rest is in the files beside this one.

import { showLanguages, showWords } from './compose.js'
import { $, complain, languageName, tell } from './dom.js'
import { showLimits } from './make.js'
import { showRecent } from './recent.js'
import { currentToken, listeners, LOST, setToken, watch } from './server.js'
import { loadVoices, setLanguages } from './voices.js'

// ---- What speaks

const PLAIN = { 'makima-mini': 'Practice model', tone: 'Test tone' }

// "Qwen3-TTS-12Hz-0.6B-Base" is "Qwen3 TTS 0.6B" to people.
function plainName(name) {
  const short = name.replace(/^.*\//, '').replace(/-\d+Hz/, '').replace(/-(Base|CustomVoice|VoiceDesign)$/, '')
  return PLAIN[name] ?? short.replaceAll('-', ' ')
}

function describe({ name, languages }) {
  const few = languages.length <= 3 ? languages.map(languageName).join(', ') : `${languages.length} languages`
  return few ? `${plainName(name)}, ${few}` : plainName(name)
}

let known  // the model that is shown, as JSON

function showModel({ status, message, model }) {
  $('model').dataset.status = status
  if (status === 'ready') tell($('model'), describe(model))
  else if (status === 'unloaded') tell($('model'), 'Asleep. It wakes when it is asked to speak.')
  else tell($('model'), message, status === 'failed')
  const now = JSON.stringify(model)
  if (!model || now === known) return false
  known = now
  showLimits()
  setLanguages(model.languages)
  showLanguages(model.languages)
  $('making-voices').hidden = !model.clones
  $('model-name').textContent = model.name
  $('model-format').textContent = model.format
  return true
}

// ---- Whether it is there

let isThere, hasVoices = false

async function changed(ready) {
  const isBack = isThere === false && ready
  isThere = Boolean(ready)
  // An alert is read when it appears: the words are put in when they are true.
  tell($('lost'), ready ? '' : 'The appliance cannot be reached. Looking for it…')
  $('lost').hidden = isThere
  if (!ready) return tell($('model'), 'Not connected')
  const isNew = showModel(ready)
  if (isBack) tell($('found'), 'The appliance is back.')
  if (isNew || isBack || !hasVoices) await enter()
}

const look = watch(changed)
let isLooking
listeners.lost = () => {
  clearTimeout(isLooking)
  isLooking = setTimeout(look)
}

// ---- Whether it asks for a token

listeners.refused = () => {
  hasVoices = false
  const isShown = !$('ask').hidden
  $('app').hidden = true
  $('ask').hidden = false
  if (isShown) return
  complain($('token'), currentToken() ? 'The token is no longer accepted.' : '')
  $('token').focus()
}

// Shows the page when its voices may be seen.
async function enter() {
  if (!$('ask').hidden && !currentToken()) return true
  try { await loadVoices() } catch (error) {
    if (error.code !== LOST && error.code !== 'UNAUTHORIZED') tell($('voices-state'), error.message, true)
    return error.code
  }
  hasVoices = true
  $('ask').hidden = true
  $('app').hidden = false
  $('forget-token').hidden = !currentToken()
  await showWords()
}

$('ask').onsubmit = async event => {
  event.preventDefault()
  setToken($('token').value.trim(), $('keep').checked)
  if (!currentToken()) return complain($('token'), 'The appliance asks for a token.')
  complain($('token'))
  const problem = await enter()
  if (!problem) {
    $('token').value = ''
    return $('text').focus()
  }
  setToken('')
  complain($('token'), problem === LOST ? 'The appliance cannot be reached.' : 'This token is not accepted.')
  $('token').focus()
}

$('forget-token').onclick = () => {
  setToken('')
  listeners.refused()
}

showRecent()

// The form that says a text, and the view of what will be said.

import { $, about, complain, element, languageCode, languageName, tell } from './dom.js'
import * as panel from './panel.js'
import { remember } from './recent.js'
import { askJSON, keep, kept, limits } from './server.js'
import { Sound } from './sound.js'
import { RATE, speak } from './speech.js'
import { nameOf, refreshVoices } from './voices.js'

const KEPT = ['language', 'speed']
// Fields of a wish, which stand on the page under the same names.
const FIELDS = ['text', 'voice', 'language', 'speed']

export function showLanguages(languages) {
  const chosen = $('language').value || kept(() => localStorage, 'makima-language')
  for (const id of ['language', 'clip-language']) {
    const options = languages.map(language => new Option(languageName(language), language))
    $(id).replaceChildren(new Option('Automatic', 'auto'), ...options)
  }
  if (languages.includes(chosen)) $('language').value = chosen
}

$('speed').value = kept(() => localStorage, 'makima-speed') ?? ''
for (const id of KEPT) $(id).addEventListener('change', () => keep(() => localStorage, 'makima-' + id, $(id).value))

// ---- Speaking

$('speak').onsubmit = event => {
  event.preventDefault()
  const text = $('text').value
  for (const id of FIELDS) complain($(id))
  const problem = problemOf(text)
  if (problem) {
    complain($('text'), problem)
    return $('text').focus()
  }
  const wish = { text, voice: $('voice').value || undefined, language: $('language').value,
    speed: Number($('speed').value) || undefined, seed: Math.floor(Math.random() * 2 ** 31) }
  const item = { wish, voiceName: nameOf(wish.voice), sound: new Sound(RATE), sentences: [], isMaking: true }
  panel.show(item)
  begin(item)
}

function problemOf(text) {
  if (!text.trim()) return 'Write something to say.'
  const count = [...text].length, most = limits.textCharacters
  return count > most ? `The text has ${count} characters; the appliance takes ${most} at once.` : ''
}

function begin(item) {
  const asked = performance.now()
  showFigures()
  item.end = speak(item.wish, {
    sound(samples) {
      if (item.sound.length === 0) $('first').textContent = Math.round(performance.now() - asked) + ' ms'
      item.sound.append(samples)
      panel.more(item)
    },
    sentence(sentence) { item.sentences.push(sentence) },
    loading({ message }) { panel.say(item, message) },
    buffering({ startsInMs }) {
      panel.say(item, `This computer makes speech slowly: it begins in about ${about(startsInMs / 1000)}.`)
    },
    complete(message) {
      item.complete = message
      item.isMaking = false
      item.sound.isWhole = true
      item.sentences = message.sentences?.map((sentence, index) => ({ index, ...sentence })) ?? item.sentences
      panel.more(item)
      showFigures(item)
      remember(item)
    },
    failed(message, code, field) {
      panel.failed(item, message)
      if (FIELDS.includes(field)) complain($(field), message)
      if (code === 'VOICE_NOT_FOUND') refreshVoices()
    },
  })
}

function showFigures(item) {
  if (!item) $('first').textContent = '–'
  const factor = item?.complete.realTimeFactor
  $('rate').textContent = !item ? '–' : factor > 0 ? (1 / factor).toFixed(2) + ' × real time' : 'over 1000 × real time'
  $('seed').textContent = item?.wish.seed ?? '–'
}

$('text').addEventListener('keydown', event => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
  event.preventDefault()
  $('speak').requestSubmit()
})

// ---- What will be said

let asking = 0, typed

// The words of the text, with its pauses, as they would be spoken now.
export async function showWords() {
  if (!$('spelled').open) return
  const own = ++asking
  const json = { text: $('text').value, voice: $('voice').value || undefined, language: $('language').value }
  try {
    const { steps } = await askJSON('/api/v1/words', { method: 'POST', json })
    if (own === asking) $('words').replaceChildren(...steps.map(step))
  } catch (error) {
    if (own === asking) tell($('words'), error.message, true)
    return
  }
  $('words').classList.remove('bad')
}

function step({ text, language, pauseMs }) {
  if (pauseMs !== undefined) return element('span', { className: 'pause' }, `[${pauseMs / 1000} s] `)
  return element('span', { lang: languageCode(language ?? '') ?? '' }, text + ' ')
}

$('text').addEventListener('input', () => {
  complain($('text'))
  clearTimeout(typed)
  typed = setTimeout(showWords, 300)
})
for (const id of ['voice', 'language']) $(id).addEventListener('change', showWords)
$('spelled').addEventListener('toggle', showWords)

// The voices there are: cards that speak, choose, rename and delete, and the list of the form.

import { $, complain, element, face, languageName, question, tell } from './dom.js'
import { Player } from './player.js'
import { ask, askJSON, keep, kept } from './server.js'
import { Sound } from './sound.js'
import { RATE, speak } from './speech.js'

const CHOSEN = 'makima-voice'

// What a voice says of itself, in its language.
const SENTENCES = {
  english: name => `Hello, I am ${name}. This is how I speak.`,
  german: name => `Hallo, ich bin ${name}. So spreche ich.`,
  french: name => `Bonjour, je suis ${name}. Voici comment je parle.`,
  spanish: name => `Hola, soy ${name}. Así es como hablo.`,
  italian: name => `Ciao, sono ${name}. Ecco come parlo.`,
  portuguese: name => `Olá, eu sou ${name}. É assim que eu falo.`,
  russian: name => `Здравствуйте, я ${name}. Вот так я говорю.`,
  chinese: name => `你好，我是${name}。这就是我的声音。`,
  japanese: name => `こんにちは、${name}です。これが私の声です。`,
  korean: name => `안녕하세요, ${name}입니다. 제 목소리는 이렇습니다.`,
}

let voices = [], languages = []

export const nameOf = id => voices.find(voice => voice.id === id)?.name ?? id ?? ''
export const isNamed = name => voices.some(voice => voice.name.toLowerCase() === name.trim().toLowerCase())
export const setLanguages = all => { languages = all }

// Asks for the voices; `chosen` is the one that speaks from now on. Throws what `ask` throws.
export async function loadVoices(chosen) {
  voices = (await askJSON('/api/v1/voices')).voices
  const before = $('voice').value || kept(() => localStorage, CHOSEN)
  const standard = voices.find(voice => voice.isDefault) ?? voices[0]
  const next = [chosen, before].find(id => voices.some(voice => voice.id === id)) ?? standard?.id
  $('voice').replaceChildren(...voices.map(voice => new Option(voice.name, voice.id)))
  $('voice').value = next ?? ''
  $('cards').replaceChildren(...voices.map(card))
  showChosen()
}

export async function refreshVoices(chosen) {
  try { await loadVoices(chosen) } catch (error) { tell($('voices-state'), error.message, true) }
}

$('voice').addEventListener('change', () => {
  keep(() => localStorage, CHOSEN, $('voice').value)
  showChosen()
})

function showChosen() {
  for (const item of $('cards').children) {
    const isChosen = item.dataset.voice === $('voice').value
    item.classList.toggle('chosen', isChosen)
    const button = item.querySelector('.choose')
    button.textContent = isChosen ? 'Chosen' : 'Choose'
    button.setAttribute('aria-pressed', isChosen)
  }
}

// ---- Cards

function card(voice) {
  const { id, name } = voice
  const title = element('h3', {}, name)
  if (voice.isDefault) title.append(' ', element('span', { className: 'badge' }, 'default'))
  const listen = element('button', { type: 'button', className: 'listen' })
  showListening(listen, name, false)
  listen.onclick = () => preview(voice, listen)
  const choose = element('button', { type: 'button', className: 'choose', 'aria-label': `Choose ${name}` })
  choose.onclick = () => {
    $('voice').value = id
    $('voice').dispatchEvent(new Event('change'))
  }
  const buttons = element('div', { className: 'row' }, listen, choose)
  const offer = (className, text, label, act) => {
    const button = element('button', { type: 'button', className, 'aria-label': label }, text)
    button.onclick = act
    buttons.append(button)
  }
  if (!voice.isDefault) offer('make-default', 'Make default', `Make ${name} the default`, () => makeDefault(voice))
  if (!voice.isBuiltIn) offer('rename', 'Rename…', `Rename ${name}`, () => rename(voice, buttons))
  if (!voice.isBuiltIn && !voice.isDefault) offer('delete', 'Delete…', `Delete ${name}`, () => removeVoice(voice))
  return element('li', { 'data-voice': id }, title,
    element('p', {}, voice.description || whose(voice)),
    element('p', { className: 'note' }, [language(voice), origin(voice)].join(' · ')), buttons)
}

const whose = ({ consent }) => consent ? `Made of a recording. ${consent}` : 'Made of a recording.'
const origin = ({ isBuiltIn, mode }) =>
  mode === 'preset' ? 'part of the model' : isBuiltIn ? 'came with the program' : 'made here'
const language = voice => voice.language === 'Auto' ? 'Any language' : languageName(voice.language)

const address = id => '/api/v1/voices/' + encodeURIComponent(id)
const change = (id, json) => askJSON(address(id), { method: 'PATCH', json })

async function makeDefault({ id, name }) {
  try {
    await change(id, { isDefault: true })
    tell($('voices-state'), `${name} speaks for whoever names no voice.`)
  } catch (error) {
    return tell($('voices-state'), error.message, true)
  }
  await refreshVoices()
  $('voices-title').focus()
}

// The card's buttons make room for a field with the name until it is changed, or not.
function rename({ id, name }, buttons) {
  const field = element('input', { id: 'rename-' + id, value: name, autocomplete: 'off',
    'aria-describedby': `rename-${id}-error` })
  const cancel = element('button', { type: 'button' }, 'Cancel')
  const form = element('form', { className: 'renaming', noValidate: true },
    element('label', { for: field.id }, `New name of ${name}`), field,
    element('p', { id: field.id + '-error', className: 'error', role: 'alert' }),
    element('div', { className: 'row' }, element('button', { type: 'submit', className: 'main' }, 'Rename'), cancel))
  const close = () => {
    form.remove()
    buttons.hidden = false
    buttons.querySelector('.rename').focus()
  }
  cancel.onclick = close
  form.onkeydown = event => { if (event.key === 'Escape') close() }
  field.oninput = () => complain(field)
  form.onsubmit = async event => {
    event.preventDefault()
    try {
      const renamed = await change(id, { name: field.value })
      tell($('voices-state'), `${name} is now called ${renamed.name}.`)
    } catch (error) {
      complain(field, error.reason)
      return field.focus()
    }
    await refreshVoices()
    $('cards').querySelector(`[data-voice="${id}"] .rename`)?.focus()
  }
  buttons.hidden = true
  buttons.after(form)
  field.focus()
  field.select()
}

async function removeVoice({ id, name }) {
  const text = `The recording and the voice made of it are deleted from the appliance, for everybody. There is no way back.`
  if (!await question(`Delete ${name}?`, text, 'Delete', 'Keep it')) return
  try {
    await ask(address(id), { method: 'DELETE' })
    tell($('voices-state'), `${name} is deleted.`)
  } catch (error) {
    tell($('voices-state'), error.message, true)
  }
  await refreshVoices()
  $('voices-title').focus()
}

// ---- A voice says its own sentence

let saying  // { button, name, end }
const player = new Player(state => { if (['done', 'paused'].includes(state)) hush() })

function showListening(button, name, on) {
  face(button, on ? 'stop' : 'play', on ? 'Stop' : 'Listen')
  button.setAttribute('aria-label', on ? `Stop ${name}` : `Listen to ${name}`)
}

function hush() {
  if (!saying) return
  const { button, name, end } = saying
  saying = undefined
  end()
  player.stop()
  showListening(button, name, false)
}

function preview({ id, name, language }, button) {
  const isOwn = saying?.button === button
  hush()
  if (isOwn) return
  tell($('voices-state'))
  const spoken = [language.toLowerCase(), 'english', ...languages].find(one => languages.includes(one) && SENTENCES[one])
  const sound = new Sound(RATE)
  player.load(sound)
  player.volume = ($('volume').value / 100) ** 2
  player.play()
  const over = () => {
    sound.isWhole = true
    player.more()
  }
  const text = SENTENCES[spoken ?? 'english'](name)
  const end = speak({ text, voice: id, language: spoken ?? 'auto' }, {
    sound(samples) {
      sound.append(samples)
      player.more()
    },
    sentence() {},
    loading({ message }) { tell($('voices-state'), message) },
    buffering() { tell($('voices-state'), 'This computer makes speech slowly: one moment.') },
    complete() {
      tell($('voices-state'))
      over()
    },
    failed(message) {
      tell($('voices-state'), message, true)
      over()
    },
  })
  saying = { button, name, end }
  showListening(button, name, true)
}

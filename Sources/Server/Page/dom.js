// Small helpers for the page's elements.

export const $ = id => document.getElementById(id)

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && typeof value !== 'object') made[name] = value
    else made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

const SHAPES = {
  play: 'M4 2l10 6-10 6z', pause: 'M3 2h4v12H3zM9 2h4v12H9z', stop: 'M3 3h10v10H3z',
  again: 'M8 2a6 6 0 1 1-6 6h2a4 4 0 1 0 4-4v3L3.5 3.5 8 0z', record: 'M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3z',
}

// A button's face: a shape, and words.
export function face(button, shape, text) {
  const drawing = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  drawing.setAttribute('viewBox', '0 0 16 16')
  drawing.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  path.setAttribute('d', SHAPES[shape])
  drawing.append(path)
  button.replaceChildren(drawing, text)
}

// A sentence where it belongs; without one the place is empty.
export function tell(place, text = '', isBad = false) {
  place.textContent = text
  place.classList.toggle('bad', isBad)
}

// What is wrong with a field, beside it.
export function complain(field, text = '') {
  tell($(field.id + '-error'), text, true)
  if (text) field.setAttribute('aria-invalid', 'true')
  else field.removeAttribute('aria-invalid')
}

// Asks a person; true when they agree.
export function question(title, text, yes, no = 'Cancel') {
  $('question-title').textContent = title
  $('question-text').textContent = text
  $('question-yes').textContent = yes
  $('question-no').textContent = no
  const dialog = $('question')
  dialog.returnValue = ''
  dialog.showModal()
  return new Promise(resolve => {
    // The event comes a moment later: that of the question before may come while this one is open.
    dialog.onclose = () => { if (!dialog.open) resolve(dialog.returnValue === 'yes') }
  })
}

// "0:07", "12:40".
export function clock(seconds) {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

// "7 s", "2 minutes", for people who wait.
export function about(seconds) {
  if (seconds < 55) return `${Math.max(1, Math.ceil(seconds))} s`
  const minutes = Math.round(seconds / 60)
  return minutes === 1 ? 'a minute' : `${minutes} minutes`
}

// ---- Languages, which the appliance names in English

const CODES = { english: 'en', chinese: 'zh', japanese: 'ja', korean: 'ko', german: 'de', french: 'fr', russian: 'ru',
  portuguese: 'pt', spanish: 'es', italian: 'it' }
const NAMES = new Intl.DisplayNames(['en'], { type: 'language' })

export const languageCode = name => CODES[name.toLowerCase()]

export function languageName(name) {
  const code = languageCode(name)
  return code ? NAMES.of(code) : name.charAt(0).toUpperCase() + name.slice(1)
}

// The last things that were said in this browser, with their sound, kept in it and nowhere else.

import { $, element, face, question, tell } from './dom.js'
import * as panel from './panel.js'
import { Sound } from './sound.js'

const MOST = 20
const MOST_BYTES = 200 << 20

const done = request => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(request.error)
})

// Entries, oldest first, and their samples beside them: a list is read without its sounds.
class Shelf {
  static async open() {
    const opening = indexedDB.open('makima', 1)
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore('said', { keyPath: 'id', autoIncrement: true })
      opening.result.createObjectStore('sounds')
    }
    const shelf = new Shelf()
    shelf.database = await done(opening)
    return shelf
  }

  #stores(mode) {
    const change = this.database.transaction(['said', 'sounds'], mode)
    return [change.objectStore('said'), change.objectStore('sounds')]
  }

  async add(entry, samples) {
    const [said, sounds] = this.#stores('readwrite')
    sounds.put(samples, await done(said.add(entry)))
    for (const old of surplus(await done(said.getAll()))) {
      said.delete(old.id)
      sounds.delete(old.id)
    }
    await new Promise((resolve, reject) => {
      said.transaction.oncomplete = resolve
      said.transaction.onabort = () => reject(said.transaction.error)
    })
  }

  entries() { return done(this.#stores('readonly')[0].getAll()) }
  samples(id) { return done(this.#stores('readonly')[1].get(id)) }
  clear() { return Promise.all(this.#stores('readwrite').map(store => done(store.clear()))) }
}

// The same where the browser keeps nothing: until the page is left.
class Table {
  #kept = []
  #next = 1
  add(entry, samples) {
    this.#kept.push({ ...entry, id: this.#next++, samples })
    const old = surplus(this.#kept)
    this.#kept = this.#kept.filter(one => !old.includes(one))
  }
  entries() { return this.#kept }
  samples(id) { return this.#kept.find(one => one.id === id)?.samples }
  clear() { this.#kept = [] }
}

// The oldest ones beyond what is kept.
function surplus(entries) {
  let bytes = 0
  const kept = entries.toReversed().filter((entry, i) => i < MOST && ((bytes += entry.bytes) <= MOST_BYTES || i === 0))
  return entries.filter(entry => !kept.includes(entry))
}

let shelf = Shelf.open().catch(() => new Table())

// Keeps a finished utterance.
export async function remember({ wish, voiceName, sound, sentences }) {
  const samples = sound.samples.slice()
  const entry = { wish, voiceName, sentences, rate: sound.rate, bytes: samples.byteLength, at: Date.now() }
  try { await (await shelf).add(entry, samples) } catch {
    // Full, or closed by another tab: what follows is kept until the page is left.
    shelf = new Table()
    shelf.add(entry, samples)
  }
  await showRecent()
}

export async function showRecent() {
  let entries = []
  try { entries = await (await shelf).entries() } catch { shelf = new Table() }
  $('recent').hidden = entries.length === 0
  $('said-list').replaceChildren(...entries.toReversed().map(line))
}

const moment = new Intl.DateTimeFormat([], { dateStyle: 'short', timeStyle: 'short' })

function line(entry) {
  const { text } = entry.wish
  const short = text.length > 60 ? text.slice(0, 60) + '…' : text
  const again = element('button', { type: 'button', 'aria-label': `Play: ${short}` })
  face(again, 'play', 'Play')
  again.onclick = () => replay(entry)
  const edit = element('button', { type: 'button', 'aria-label': `Use the text: ${short}` }, 'Use the text')
  edit.onclick = () => {
    $('text').value = text
    $('text').dispatchEvent(new Event('input'))
    $('text').focus()
  }
  const seconds = (entry.bytes / 2 / entry.rate).toFixed(1)
  return element('li', {}, element('p', { className: 'text' }, text),
    element('p', { className: 'note' }, `${entry.voiceName} · ${seconds} s · ${moment.format(entry.at)}`),
    element('div', { className: 'row' }, again, edit))
}

async function replay(entry) {
  let samples
  try { samples = await (await shelf).samples(entry.id) } catch { /* As one that is gone. */ }
  if (!samples) {
    await showRecent()
    return tell($('recent-state'), 'This one is no longer kept.', true)
  }
  tell($('recent-state'))
  const { wish, voiceName, sentences } = entry
  panel.show({ wish, voiceName, sentences, sound: Sound.whole(samples, entry.rate), isMaking: false })
}

$('forget').onclick = async () => {
  if (!await question('Forget what was said?', 'The texts and their sound are taken out of this browser.', 'Forget')) return
  try { await (await shelf).clear() } catch { shelf = new Table() }
  await showRecent()
  $('text').focus()
}

// What the page asks of the appliance over HTTP: with its token, and with one kind of error for all that can go wrong.

export class ServerError extends Error {
  constructor(message, { code = '', field, report } = {}) {
    super(message)
    Object.assign(this, { code, field, report })
  }

  // The message where it stands beside its field: "name: it came twice." is "It came twice."
  get reason() {
    const why = this.message.startsWith(this.field + ': ') ? this.message.slice(this.field.length + 2) : this.message
    return why.charAt(0).toUpperCase() + why.slice(1)
  }
}

export const LOST = 'LOST'

// What the appliance takes at most, as `/ready` tells it: the page shows nothing that is asked for before.
export let limits
const KEPT = 'makima-token'

// Told when an answer shows that the token is missing or wrong, or that nobody answers.
export const listeners = { refused: () => {}, lost: () => {} }

// What this browser keeps is a convenience: where it keeps nothing, the page does without.
export function keep(area, key, value) {
  try { value === undefined ? area().removeItem(key) : area().setItem(key, value) } catch { /* Nothing is kept. */ }
}

export function kept(area, key) {
  try { return area().getItem(key) ?? undefined } catch { return undefined }
}

let token = kept(() => sessionStorage, KEPT) ?? ''

export const currentToken = () => token

export function setToken(value, isKept) {
  token = value
  keep(() => sessionStorage, KEPT, isKept && value ? value : undefined)
}

// The answer of an endpoint; an error of it is thrown.
export async function ask(path, { body, json, ...options } = {}) {
  const headers = token ? { authorization: 'Bearer ' + token } : {}
  if (json) headers['content-type'] = 'application/json'
  let answer
  try {
    answer = await fetch(path, { ...options, headers, body: json ? JSON.stringify(json) : body })
  } catch (reason) {
    if (reason.name === 'AbortError') throw reason
    listeners.lost()
    throw new ServerError('The appliance cannot be reached.', { code: LOST })
  }
  if (!answer.ok) await fail(answer)
  return answer
}

export const askJSON = async (path, options) => (await ask(path, options)).json()

async function fail(answer) {
  const body = await answer.json().catch(() => ({}))
  const { message = `The appliance answered with an error (${answer.status}).`, code, field } = body.error ?? {}
  if (answer.status === 401) listeners.refused()
  throw new ServerError(message, { code: answer.status === 401 ? 'UNAUTHORIZED' : code, field, report: body.report })
}

// Asks again and again what speaks. `changed` is given `/ready`'s answer, or nothing when nobody answers.
export function watch(changed) {
  let timer
  const look = async () => {
    clearTimeout(timer)
    let ready
    try {
      const answer = await fetch('/ready', { signal: AbortSignal.timeout(4000), cache: 'no-store' })
      ready = await answer.json()
      limits = ready.limits
    } catch { /* Nobody answers. */ }
    changed(ready)
    clearTimeout(timer)
    // A page that nobody sees asks nothing.
    if (!document.hidden) timer = setTimeout(look, ready?.status === 'ready' ? 2000 : 1000)
  }
  for (const event of ['online', 'offline']) addEventListener(event, look)
  document.addEventListener('visibilitychange', () => { if (!document.hidden) look() })
  look()
  return look
}

// One text over the WebSocket /api/v1/speak: sound comes as it is made.

import { currentToken, listeners } from './server.js'

export const RATE = 24000

// A wish is { text, voice, language, speed, seed }. `events` are called with what comes: sound (16-bit samples), sentence, buffering,
// loading, complete, failed (a message, a code, the field of the wish that is at fault). Returns what ends it.
export function speak(wish, events) {
  let socket, timer, isOver = false
  const end = () => {
    isOver = true
    clearTimeout(timer)
    // Browsers complain of one that is closed before it is open.
    if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close()
    else socket.close()
  }
  const fail = (message, code, field) => {
    if (isOver) return
    end()
    events.failed(message, code, field)
  }
  const open = () => {
    socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/speak`)
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      const { text, ...start } = wish
      send({ type: 'start', sampleRate: RATE, encoding: 'pcm16', sentences: true, buffer: 'auto', ...start,
        authToken: currentToken() || undefined })
      send({ type: 'speak', text })
    }
    socket.onmessage = ({ data }) => {
      if (isOver) return
      if (typeof data === 'string') return take(JSON.parse(data))
      events.sound(new Int16Array(data))
    }
    socket.onclose = event => {
      if (event.target !== socket || isOver) return
      listeners.lost()
      fail('The connection to the appliance was lost.', 'LOST')
    }
  }
  const send = message => socket.send(JSON.stringify(message))
  const take = message => {
    switch (message.type) {
    case 'sentence': events.sentence(message); break
    case 'buffering': events.buffering(message); break
    case 'complete':
      end()
      events.complete(message)
      break
    case 'error':
      if (message.code === 'MODEL_LOADING') return wait(message)
      if (message.code === 'UNAUTHORIZED') listeners.refused()
      fail(message.message, message.code, message.field)
      break
    case 'stopped': fail('The appliance is being shut down.', 'LOST')
    }
  }
  // Whoever asks has the model loaded; it is asked again until it is there.
  const wait = message => {
    events.loading(message)
    const old = socket
    timer = setTimeout(open, 1000)
    socket.onclose = null
    old.close()
  }
  open()
  return end
}

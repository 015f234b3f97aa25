"""The page at / in headless Chromium and Firefox, on a phone's and on a desk's display."""

import importlib.util
import io
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import soundfile

import conftest
from browser import CHROMEDRIVER, CHROMIUM, CONTROL, ENTER, FIREFOX, PULSEAUDIO, RIGHT, TAB, Browser
from conftest import Server
from test_http import form, recording

FOUND = {"chromium": bool(CHROMIUM and CHROMEDRIVER), "firefox": bool(FIREFOX and PULSEAUDIO)}
PHONE, DESK = 390, 1280
FRAME = 1920  # samples of a letter, as the tone engine speaks
# Deque's axe-core, as this package brings it; the driver that the package is for is not needed.
AXE = Path(importlib.util.find_spec("axe_playwright_python").submodule_search_locations[0], "axe.min.js").read_text()


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def browser(request):
    if not FOUND[request.param]:
        pytest.skip(f"needs {request.param}")
    browser = Browser(request.param)
    yield browser
    browser.quit()


@pytest.fixture
def page(browser, server):
    """The page as a stranger finds it, on a phone."""
    enter(browser, server)
    yield browser
    assert browser.complaints == []


def enter(browser, server, fresh=True):
    browser.resize(PHONE)
    if fresh:
        if browser.run("return location.href") != server.url("/"):
            browser.open(server.url("/"))
        forget(browser)
    browser.open(server.url("/"))
    browser.wait("document.querySelectorAll('#voice option').length")


def forget(browser):
    """What a browser keeps of the page."""
    browser.run("localStorage.clear(); sessionStorage.clear();"
                "return new Promise(done => { const it = indexedDB.open('makima', 1);"
                "it.onupgradeneeded = () => { it.result.createObjectStore('said', {keyPath: 'id', autoIncrement: true});"
                "it.result.createObjectStore('sounds') };"
                "it.onsuccess = () => { const change = it.result.transaction(['said', 'sounds'], 'readwrite');"
                "for (const name of ['said', 'sounds']) change.objectStore(name).clear();"
                "change.oncomplete = () => { it.result.close(); done() } } })")


def look(browser, *widths):
    """Nothing wider than the display, and nothing that axe finds: on a phone and on a desk, light and dark."""
    for width in widths or (PHONE, DESK):
        browser.resize(width)
        if browser.name == "chromium":
            browser.dark(width == DESK)
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth"), width
        browser.run(f"if (!window.axe) {{ {AXE} }}")
        if browser.name == "firefox":
            continue  # what axe finds does not go by the browser
        found = browser.run("return (await axe.run(document, {resultTypes: ['violations']})).violations"
                            ".map(v => v.id + ': ' + v.nodes.map(n => n.target + ' ' + n.failureSummary).join('; '))")
        assert found == [], (browser.name, width)
    browser.resize(PHONE)


def state(browser):
    return browser.run("return window.makima")


def say(browser, text):
    browser.write("#text", text)
    browser.click("#start")


def wait_for(browser, name):
    browser.wait(f"makima.state === '{name}'")


# ---- It speaks


def test_every_sample_is_heard_without_a_gap(page):
    look(page)
    page.resize(PHONE, ratio=2)
    text = "Twenty-five characters xy"
    say(page, text)
    wait_for(page, "done")
    after = state(page)
    assert after["samples"] == after["received"] == len(text) * FRAME
    assert after["gaps"] == 0
    assert after["complete"]["finishReason"] == "stop"
    assert page.text("#said") == "Done. 2.0 s."
    assert page.text("#whole") == "0:02"
    # In the display's own pixels, and all of it in the colour of what was heard.
    width, wanted, colours = page.run("""
        const it = document.getElementById('wave'), data = it.getContext('2d').getImageData(0, 0, it.width, it.height).data
        const colours = new Set()
        for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) colours.add(data.slice(i, i + 3).join())
        return [it.width, it.clientWidth * 2, [...colours]]""")
    assert width == wanted and len(colours) == 1
    page.run("document.querySelector('#player details').open = true")
    assert page.text("#first").endswith(" ms") and page.text("#rate").endswith("real time")
    look(page)


def test_the_sentence_that_sounds_is_marked_and_the_cursor_moves(page):
    sentences = ["The first of three.", "Then comes the second.", "Here is the last."]
    say(page, " ".join(sentences))
    before = -1
    for index, sentence in enumerate(sentences):
        page.wait(f"makima.sentence === {index}")
        page.wait(f"document.querySelector('#spoken mark')?.textContent === {json.dumps(sentence)}")
        assert page.text("#spoken") == " ".join(sentences)
        cursor = int(page.run("return document.getElementById('position').value"))
        assert cursor > before
        before = cursor
    wait_for(page, "done")
    assert not page.run("return document.querySelector('#spoken mark')")


def test_pause_seek_and_again(page):
    say(page, "x" * 250)
    page.wait("makima.position > 0.2 * 24000")
    assert page.text("#toggle") == "Pause"
    page.click("#toggle")
    wait_for(page, "paused")
    assert page.text("#said") == "Paused."
    held = state(page)["position"]
    look(page)
    assert state(page)["position"] == held
    page.run("document.getElementById('position').focus()")
    page.press(RIGHT)
    page.wait(f"makima.position > {held}")
    page.write("#position", "1900")  # hundredths of a second
    assert abs(state(page)["position"] - 19 * 24000) < 240
    page.click("#toggle")
    wait_for(page, "done")
    assert state(page)["position"] == 250 * FRAME
    page.click("#again")
    page.wait("makima.state === 'speaking' && makima.position < 5 * 24000")
    page.click("#stop")
    assert state(page)["state"] == "idle"


def test_keys_speak_and_settings_are_kept(page, server):
    page.run("document.getElementById('text').focus()")
    page.write("#text", "Faster now, if you please.")
    page.write("#speed", "2")
    page.write("#voice", "denji")
    page.write("#volume", "40")
    page.press(CONTROL, ENTER)
    wait_for(page, "done")
    assert abs(state(page)["received"] - 26 * FRAME / 2) < FRAME
    enter(page, server, fresh=False)
    kept = page.run("return ['speed', 'voice', 'volume'].map(id => document.getElementById(id).value)")
    assert kept == ["2", "denji", "40"]


def test_everything_is_reached_by_the_keyboard(page):
    page.run("document.body.focus()")
    reached = []
    for _ in range(12):
        page.press(TAB)
        reached.append(page.run("return document.activeElement.id || document.activeElement.tagName"))
    assert [name for name in reached if name in ("text", "voice", "language", "speed", "start")] == [
        "text", "voice", "language", "speed", "start"]


def test_errors_are_told_beside_their_field(page):
    for text, words in ("   ", "Write something"), ("...", "nothing to say"), ("x" * 10_001, "takes 10000 at once"):
        say(page, text)
        page.wait(f"document.getElementById('text-error').textContent.includes({json.dumps(words)})")
        assert page.run("return document.getElementById('text').getAttribute('aria-invalid')") == "true"
    look(page)
    page.write("#text", "Good.")
    assert page.text("#text-error") == ""
    # What the page does not look at itself, the appliance says with the field's name.
    page.run("document.getElementById('speed').append(new Option('Too fast', '9'))")
    page.write("#speed", "9")
    page.click("#start")
    page.wait("document.getElementById('speed-error').textContent.includes('from 0.25 to 4')")
    assert page.text("#text-error") == ""


def test_what_was_said_is_downloaded(page):
    say(page, "To take away.")
    wait_for(page, "done")
    for kind in "wav", "mp3", "opus":
        page.click(f"#downloads button[value={kind}]")
        sound, rate = soundfile.read(io.BytesIO(page.downloaded(f"to-take-away.{kind}")))
        # Encoders add some silence at the ends.
        assert abs(len(sound) / rate - 13 * FRAME / 24000) < (0.15 if kind != "wav" else 1e-6)
        if kind == "wav":
            assert len(sound) == 13 * FRAME and abs(sound).max() > 0.1
    page.wait("document.getElementById('download-state').textContent === ''")


def test_the_last_twenty_are_kept_and_played_again(page, server):
    # Twenty-one in the page's own way, but unheard, and one more by hand.
    page.run("""
        const { remember } = await import('/page/recent.js'), { Sound } = await import('/page/sound.js')
        for (let number = 0; number < 21; number++) {
          const sound = Sound.whole(Int16Array.from({length: 4800}, (_, i) => 8000 * Math.sin(i / 20)), 24000)
          await remember({ wish: { text: `Number ${number}.` }, voiceName: 'Makima', sound, sentences: [] })
        }""")
    say(page, "Number 21.")
    page.wait("document.querySelector('#said-list .text')?.textContent === 'Number 21.'")
    enter(page, server, fresh=False)
    page.wait("document.querySelectorAll('#said-list li').length === 20")
    texts = page.run("return [...document.querySelectorAll('#said-list .text')].map(it => it.textContent)")
    assert texts == [f"Number {number}." for number in range(21, 1, -1)]
    look(page)
    made = server.metric("makima_audio_seconds_total")
    assert made > 0
    for entry, samples in (1, len("Number twenty-one.") * FRAME), (3, 4800):
        page.click(f"#said-list li:nth-child({entry}) button")
        wait_for(page, "done")
        assert state(page)["received"] == state(page)["samples"] == samples
    assert server.metric("makima_audio_seconds_total") == made
    page.click("#said-list li:nth-child(2) button:nth-child(2)")
    assert page.run("return document.getElementById('text').value") == "Number 20."
    page.click("#forget")
    look(page)
    page.click("#question-yes")
    page.wait("document.getElementById('recent').hidden")
    enter(page, server, fresh=False)
    assert page.run("return document.getElementById('recent').hidden")


def test_the_page_shows_what_will_be_said(page):
    page.write("#text", "It is 21 °C in the kitchen. [pause:2s] Good.")
    page.run("document.getElementById('spelled').open = true")
    page.wait("document.getElementById('words').textContent.includes('Good.')")
    assert page.text("#words").split() == "It is twenty-one degrees Celsius in the kitchen. [2 s] Good.".split()
    look(page)
    page.write("#text", "5 km")
    page.wait("document.getElementById('words').textContent.trim() === 'five kilometers'")


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """Twice as fast as it is heard."""
    server = Server(tmp_path_factory.mktemp("slow"), "--set", "tone-frame=40")
    yield server
    server.stop()


def test_of_a_long_text_it_is_said_how_long_it_takes(browser, slow):
    enter(browser, slow)
    say(browser, "A sentence of some length. " * 60)
    browser.wait("makima.position > 24000")
    assert browser.text("#left") == "2 minutes left"
    assert re.fullmatch("about (1:[45]|2:[01]).", browser.text("#whole"))
    assert 0 < int(browser.text("#made-percent").removesuffix(" %")) < 20
    look(browser)
    # Nobody waits for the whole of it, and nothing is heard once it is stopped.
    browser.click("#stop")
    assert state(browser)["state"] == "stopped" and browser.text("#said") == "Stopped."
    heard = state(browser)["samples"]
    assert slow.until(lambda: slow.metric("makima_utterances_running") == 0)
    assert state(browser)["samples"] == heard
    # What there is of it can be had, and no more.
    usable = browser.run("return [...document.querySelectorAll('#downloads button')].map(it => !it.disabled)")
    assert usable == [True, False, False]
    assert browser.complaints == []


def test_a_browser_without_sound_says_so(page):
    page.run("Object.defineProperty(AudioContext.prototype, 'state', {get: () => 'suspended'})")
    say(page, "x" * 100)
    page.wait("document.getElementById('said').textContent.includes('no sound')")
    page.click("#stop")


def test_little_motion_is_enough(page):
    if page.name != "chromium":
        pytest.skip("a profile of its own would be needed")
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    page.chromium("Emulation.setEmulatedMedia", features=features)
    say(page, "x" * 60)
    page.wait("makima.position > 0")
    places = page.run("""
        const places = new Set(), end = performance.now() + 1000
        while (performance.now() < end) {
          places.add(document.getElementById('position').value)
          await new Promise(requestAnimationFrame)
        }
        return places.size""")
    assert 2 <= places <= 6
    page.chromium("Emulation.setEmulatedMedia", features=[])


# ---- Voices


def cards(browser):
    return browser.run("return [...document.querySelectorAll('#cards li')].map(it => it.dataset.voice)")


def test_a_voice_says_its_own_sentence_and_is_chosen(page, server):
    first = page.run("return document.querySelector('#cards li').innerText")
    assert first.startswith("Makima default") and "calm" in first and "Any language" in first
    page.click("[data-voice=aki] .listen")
    page.wait("document.querySelector('[data-voice=aki] .listen').textContent === 'Stop'")
    page.click("[data-voice=denji] .listen")  # takes its turn
    assert page.text("[data-voice=aki] .listen") == "Listen" and page.text("[data-voice=denji] .listen") == "Stop"
    look(page, PHONE)
    page.wait("document.querySelector('[data-voice=denji] .listen').textContent === 'Listen'")
    page.click("[data-voice=denji] .choose")
    assert page.run("return document.getElementById('voice').value") == "denji"
    assert page.text("[data-voice=denji] .choose") == "Chosen" and page.text("[data-voice=makima] .choose") == "Choose"
    assert page.run("return document.querySelectorAll('.delete').length") == 0


def test_a_voice_is_renamed_and_made_the_default(page, server, clip):
    body, headers = form(audio=clip.read_bytes(), name="Rosa", consent="yes", id=f"rosa-{page.name}")
    assert server.json("POST", "/api/v1/voices", body, headers)[0] == 201
    rosa = f"[data-voice=rosa-{page.name}]"
    enter(page, server)
    assert page.run("return document.querySelectorAll('[data-voice=denji] .rename').length") == 0
    page.click(f"{rosa} .rename")
    field = f"#rename-rosa-{page.name}"
    assert page.run("return document.activeElement.id") == field[1:]
    look(page)
    # What is wrong stands beside the name.
    for name, words in ("denji", "Choose another name"), (" ", "name of 1 to 100 characters"):
        page.write(field, name)
        page.click(f"{rosa} form button[type=submit]")
        page.wait(f"document.querySelector('{field}-error').textContent.includes('{words}')")
    assert page.text(f"{field}-error").startswith("A voice needs")
    look(page, PHONE)
    page.write(field, "Rosa <b>&")
    page.click(f"{rosa} form button[type=submit]")
    page.wait("document.getElementById('voices-state').textContent === 'Rosa is now called Rosa <b>&.'")
    page.wait(f"document.querySelector('{rosa} h3').textContent === 'Rosa <b>&'")
    page.click(f"{rosa} .make-default")
    page.wait(f"document.querySelector('#cards li').dataset.voice === 'rosa-{page.name}'")
    assert page.text(f"{rosa} .badge") == "default"
    assert page.run(f"return document.querySelectorAll('{rosa} .make-default, {rosa} .delete').length") == 0
    page.click("[data-voice=makima] .make-default")
    page.wait("document.querySelector('#cards li').dataset.voice === 'makima'")
    assert server.request("DELETE", f"/api/v1/voices/rosa-{page.name}")[0] == 204


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(recording())
    return path


def fill(browser, clip, name):
    browser.run("document.getElementById('making-voices').open = true")
    browser.choose("#clip", clip)
    browser.wait("document.getElementById('recorded').textContent !== 'Reading the recording…'")
    browser.write("#name", name)
    browser.run("document.getElementById('consent').checked = true")


def test_a_voice_is_made_heard_and_deleted(page, server, clip):
    name = f"Paul {page.name}"
    fill(page, clip, name)
    assert page.text("#recorded") == "clip.wav, 5.0 s"
    page.click("#clip-play")
    page.wait("document.getElementById('clip-play').textContent === 'Stop'")
    look(page)
    page.click("#make-it")
    page.wait("document.getElementById('made').textContent.includes('ready')")
    made = page.run("return document.getElementById('voice').value")
    assert made == f"paul-{page.name}" and made in cards(page)
    assert "good" in page.text("#report")
    look(page)
    say(page, "Hi.")
    wait_for(page, "done")
    # The same name twice asks.
    fill(page, clip, name.upper())
    page.click("#make-it")
    page.wait("document.getElementById('question').open")
    assert page.text("#question-title") == f"Another {name.upper()}?"
    page.click("#question-no")
    assert len([one for one in cards(page) if one.startswith(made)]) == 1
    page.click("#make-it")
    page.click("#question-yes")
    page.wait("document.getElementById('made').textContent.includes('ready')")
    # So does deleting.
    for one, left in (made, 1), (made + "-2", 0):
        page.click(f"[data-voice={one}] .delete")
        look(page, PHONE)
        page.click("#question-no")
        assert one in cards(page)
        page.click(f"[data-voice={one}] .delete")
        page.click("#question-yes")
        page.wait("document.getElementById('voices-state').textContent.includes('is deleted')")
        page.wait(f"!document.querySelector('[data-voice={one}]')")
        assert len([one for one in cards(page) if one.startswith(made)]) == left
    assert server.json("GET", f"/api/v1/voices/{made}")[0] == 404
    assert page.run("return document.getElementById('voice').value") == "makima"


def test_what_is_missing_is_said_beside_it(page, clip, tmp_path):
    page.run("document.getElementById('making-voices').open = true")
    page.click("#make-it")
    for field, words in ("clip", "choose a recording"), ("name", "needs a name"), ("consent", "consent"):
        assert words in page.text(f"#{field}-error")
    assert page.run("return document.activeElement.id") == "clip"
    look(page)
    fill(page, clip, "Nobody")
    page.run("document.getElementById('consent').dispatchEvent(new Event('change'))")
    assert [page.text(f"#{field}-error") for field in ("clip", "name", "consent")] == ["", "", ""]
    # What is no sound at all, and what is too quiet: the appliance says it, at the recording.
    (tmp_path / "noise.wav").write_bytes(b"This is no sound.")
    fill(page, tmp_path / "noise.wav", "Nobody")
    page.click("#make-it")
    page.wait("document.getElementById('clip-error').textContent.includes('not an audio file')")
    (tmp_path / "quiet.wav").write_bytes(recording(level=0.001))
    fill(page, tmp_path / "quiet.wav", "Nobody")
    page.click("#make-it")
    page.wait("document.getElementById('report').textContent.includes('closer to the microphone')")
    look(page)
    (tmp_path / "short.wav").write_bytes(recording(seconds=1))
    fill(page, tmp_path / "short.wav", "Nobody")
    page.wait("document.getElementById('clip-error').textContent.startsWith('Too short')")
    assert "nobody" not in cards(page)


@pytest.mark.parametrize("kind, codec", [("m4a", "aac"), ("webm", "libopus")])
def test_what_a_phone_records_is_sent_as_wav(page, server, clip, tmp_path, kind, codec):
    path = tmp_path / f"memo.{kind}"
    loop = ["-stream_loop", "8", "-i", clip] if kind == "webm" else ["-i", clip]
    subprocess.run(["ffmpeg", "-loglevel", "error", *loop, "-c:a", codec, path], check=True)
    fill(page, path, f"Phone {kind} {page.name}")
    # What is too long is cut.
    assert page.text("#recorded") == f"memo.{kind}, {'30.0' if kind == 'webm' else '5.0'} s"
    assert ("first 30 seconds" in page.text("#report")) == (kind == "webm")
    page.run("const send = fetch; window.fetch = (path, options) => {"
             "if (options?.body?.get) window.sent = options.body.get('audio').type; return send(path, options) }")
    page.click("#make-it")
    page.wait("document.getElementById('made').textContent.includes('ready')")
    assert page.run("return window.sent") == "audio/wav"
    assert f"phone-{kind}-{page.name}" in cards(page)
    server.request("DELETE", f"/api/v1/voices/phone-{kind}-{page.name}")


def test_the_second_recording_is_not_cut_by_the_first_ones_timer(page):
    page.run("document.getElementById('making-voices').open = true;"
             "const now = performance.now.bind(performance); window.later = 0; performance.now = () => now() + window.later")
    recorded = "document.getElementById('recorded').textContent"

    def record():
        page.click("#record")
        page.wait("document.getElementById('record').textContent === 'End the recording'")
        page.wait(f"{recorded}.startsWith('0:0')")
        page.run("window.later += 25000")
        page.wait(f"{recorded}.startsWith('0:25')")

    record()
    look(page, PHONE)
    page.click("#record")
    page.wait(f"{recorded}.startsWith('Your recording, ')")
    record()
    # After thirty seconds it ends by itself.
    page.run("window.later += 6000")
    page.wait(f"{recorded}.startsWith('Your recording, ')")
    assert page.run("return document.getElementById('clip-play').hidden") is False


def test_without_a_microphone_the_devices_own_recorder_is_offered(browser, server):
    browser.open(server.url("/").replace("127.0.0.1", "makima.lan"))
    browser.wait("document.querySelectorAll('#voice option').length")
    browser.run("document.getElementById('making-voices').open = true")
    assert browser.run("return [isSecureContext, document.getElementById('record').hidden]") == [False, True]
    assert browser.text("#by-phone") == "Record with this device"
    assert browser.run("return document.getElementById('capture').hasAttribute('capture')")
    assert "HTTPS" in browser.text("#microphone")
    look(browser)
    say(browser, "Heard all the same.")
    wait_for(browser, "done")
    assert browser.complaints == []


# ---- Access


def test_a_token_is_asked_for_first(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "tokens").write_text("correct-horse-battery-staple\n")
    server = Server(folder, "--set", f"auth-tokens-file={folder}/tokens")
    try:
        browser.resize(PHONE)
        browser.open(server.url("/"))
        browser.wait("!document.getElementById('ask').hidden")
        assert browser.run("return [document.activeElement.id, document.getElementById('app').hidden]") == ["token", True]
        look(browser)
        browser.write("#token", "wrong")
        browser.click("#ask button")
        browser.wait("document.getElementById('token-error').textContent === 'This token is not accepted.'")
        look(browser, PHONE)
        authorize(browser)
        # Everything works: voices, speech, what is asked over HTTP.
        assert len(cards(browser)) == 6
        say(browser, "Now I may.")
        wait_for(browser, "done")
        browser.click("#downloads button[value=mp3]")
        browser.downloaded("now-i-may.mp3")
        # It was not wished that it be kept.
        browser.open(server.url("/"))
        browser.wait("!document.getElementById('ask').hidden")
        browser.run("document.getElementById('keep').checked = true")
        authorize(browser)
        browser.open(server.url("/"))
        browser.wait("!document.getElementById('app').hidden")
        browser.run("document.querySelector('footer details').open = true")
        look(browser)
        browser.click("#forget-token")
        hidden = browser.run("return ['ask', 'app'].map(id => document.getElementById(id).hidden)")
        assert hidden == [False, True] and browser.run("return sessionStorage.length") == 0
    finally:
        server.stop()
    assert browser.complaints == []


def authorize(browser):
    browser.write("#token", "correct-horse-battery-staple")
    browser.click("#ask button")
    browser.wait("!document.getElementById('app').hidden")


def test_a_lost_appliance_is_said_and_found_again(browser, tmp_path, monkeypatch):
    server = Server(tmp_path)
    try:
        enter(browser, server)
        assert browser.text("#model") == "Test tone, 10 languages"
        say(browser, "x" * 40)
        browser.wait("makima.position > 0")
        server.stop()
        browser.wait("!document.getElementById('lost').hidden", 5)
        assert "cannot be reached" in browser.text("#lost")
        look(browser)
        # What came is heard to its end.
        wait_for(browser, "done")
        say(browser, "Is anybody there?")
        browser.wait("document.getElementById('said').textContent.includes('lost')")
        monkeypatch.setattr(conftest, "free_port", lambda: server.port)
        server = Server(tmp_path)
        browser.wait("document.getElementById('lost').hidden", 5)
        assert browser.run("return document.getElementById('found').textContent") == "The appliance is back."
        say(browser, "Here it is.")
        wait_for(browser, "done")
    finally:
        server.stop()


def test_nothing_comes_from_elsewhere(page, server):
    addresses = page.run("return performance.getEntriesByType('resource').map(e => e.name)")
    assert addresses and all(a.startswith(server.url("/")) for a in addresses)


# ---- The pictures of docs/page.md, which PICTURES names the folder of where they are to be kept


def test_pictures(browser, tmp_path_factory):
    if browser.name != "chromium":
        pytest.skip("one browser draws them")
    folder = Path(os.environ.get("PICTURES") or tmp_path_factory.mktemp("pictures"))
    model = ["--engine", "qwen3", "--model", str(conftest.ROOT / "Models/makima-mini")]
    server = Server(tmp_path_factory.mktemp("model"), *model)
    try:
        enter(browser, server)
        assert browser.text("#model") == "Practice model, English"
        say(browser, "Good morning. The train leaves at ten, and the kettle is on. Take a scarf with you!")
        browser.wait("makima.sentence === 1")
        browser.click("#toggle")
        browser.run("document.getElementById('spelled').open = true")
        browser.wait("document.getElementById('words').textContent")
        for name, width, height, dark in ("phone", PHONE, 1100, False), ("desk", DESK, 1000, True):
            browser.resize(width, height)
            browser.dark(dark)
            browser.run("scrollTo(0, 0); document.activeElement.blur(); await new Promise(requestAnimationFrame)")
            browser.screenshot(folder / f"{name}.png")
            assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    finally:
        server.stop()

"""The page at / in a real headless Chromium."""

import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from test_http import CLIP

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromium-driver")


@pytest.fixture(scope="module")
def browser():
    options = Options()
    options.binary_location = CHROMIUM
    for flag in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                 "--autoplay-policy=no-user-gesture-required", "--window-size=390,844"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service(DRIVER), options=options)
    yield driver
    driver.quit()


def state(browser):
    return browser.execute_script("return window.makima")


def wait(browser, condition, seconds=30):
    return WebDriverWait(browser, seconds, 0.05).until(lambda _: condition())


def open_page(browser, server):
    complaints(browser)  # of the test before
    browser.get(server.url("/"))
    wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, "#voice option"))


def write(browser, field, text):
    browser.execute_script("document.getElementById(arguments[0]).value = arguments[1]", field, text)


def click(browser, selector):
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)


def complaints(browser):
    return [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_every_sample_is_heard_without_a_gap(browser, server):
    open_page(browser, server)
    text = "Twenty-five characters xy" * 2
    write(browser, "text", text)
    click(browser, "#start")
    wait(browser, lambda: state(browser)["samples"] >= len(text) * 1920)
    wait(browser, lambda: state(browser)["state"] == "idle")
    after = state(browser)
    assert after["samples"] == after["received"] == len(text) * 1920
    assert after["gaps"] == 0
    assert after["complete"]["finishReason"] == "stop"
    assert browser.find_element(By.ID, "first").text.endswith(" ms")
    assert browser.find_element(By.ID, "speed").text.endswith("real time")
    assert browser.find_element(By.ID, "length").text == "4.0 s"
    drawn = browser.execute_script(
        "const c=document.getElementById('wave');"
        "return c.getContext('2d').getImageData(0,0,c.width,c.height).data.some(v=>v>0)")
    assert drawn
    assert complaints(browser) == []


def test_the_sentence_that_sounds_is_marked(browser, server):
    open_page(browser, server)
    sentences = ["The first of three.", "Then comes the second.", "Here is the last."]
    write(browser, "text", " ".join(sentences))
    click(browser, "#start")
    for index, sentence in enumerate(sentences):
        wait(browser, lambda: state(browser).get("sentence") == index)
        assert browser.find_element(By.CSS_SELECTOR, "#spoken mark").text == sentence
        assert browser.find_element(By.ID, "spoken").text == " ".join(sentences)
    wait(browser, lambda: state(browser)["state"] == "idle")
    wait(browser, lambda: not browser.find_element(By.ID, "spoken").is_displayed())
    assert complaints(browser) == []


def test_stop_is_silent_at_once(browser, server):
    open_page(browser, server)
    write(browser, "text", "x" * 500)
    click(browser, "#start")
    wait(browser, lambda: state(browser)["samples"] > 0)
    click(browser, "#stop")
    assert state(browser)["state"] == "idle"
    heard = state(browser)["samples"]
    assert heard < 500 * 1920
    assert server.until(lambda: server.metric("makima_utterances_running") == 0)
    assert state(browser)["samples"] == heard


def test_errors_are_told(browser, server):
    open_page(browser, server)
    write(browser, "text", "...")
    click(browser, "#start")
    wait(browser, lambda: browser.find_element(By.ID, "said").get_attribute("class") == "bad")
    assert "nothing to say" in browser.find_element(By.ID, "said").text


def test_a_voice_is_made_and_spoken_in(browser, server, tmp_path):
    (tmp_path / "clip.wav").write_bytes(CLIP)
    open_page(browser, server)
    browser.find_element(By.ID, "clip").send_keys(str(tmp_path / "clip.wav"))
    write(browser, "name", "Paul Page")
    # Without consent the form stays where it is.
    click(browser, "#make button[type=submit]")
    assert browser.find_element(By.ID, "made").text == ""
    click(browser, "#consent")
    click(browser, "#make button[type=submit]")
    wait(browser, lambda: "ready" in browser.find_element(By.ID, "made").text)
    assert browser.find_elements(By.CSS_SELECTOR, "#report li")
    assert browser.find_element(By.ID, "voice").get_attribute("value") == "paul-page"
    assert "paul-page" in [v["id"] for v in server.json("GET", "/api/v1/voices")[1]["voices"]]
    write(browser, "text", "Hi.")
    click(browser, "#start")
    wait(browser, lambda: state(browser)["samples"] >= 3 * 1920)
    assert complaints(browser) == []


def test_an_unusable_clip_is_explained(browser, server, tmp_path):
    (tmp_path / "clip.wav").write_bytes(b"This is no sound.")
    open_page(browser, server)
    browser.find_element(By.ID, "clip").send_keys(str(tmp_path / "clip.wav"))
    write(browser, "name", "Nobody")
    click(browser, "#consent")
    click(browser, "#make button[type=submit]")
    wait(browser, lambda: browser.find_element(By.ID, "made").get_attribute("class") == "bad")
    assert "audio" in browser.find_element(By.ID, "made").text


@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_and_everything_has_a_name(browser, server, width):
    browser.set_window_size(width, 800)
    open_page(browser, server)
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    nameless = browser.execute_script(
        "return [...document.querySelectorAll('input,textarea,select')].filter(e=>!e.labels.length).map(e=>e.id)")
    assert nameless == []


def test_nothing_comes_from_elsewhere(browser, server):
    open_page(browser, server)
    addresses = browser.execute_script("return performance.getEntriesByType('resource').map(e=>e.name)")
    assert addresses and all(a.startswith(server.url("/")) for a in addresses)


def test_the_page_shows_what_will_be_said(browser, server):
    open_page(browser, server)
    write(browser, "text", "It is 21 °C in the kitchen. [pause:2s] Good.")
    browser.execute_script("document.getElementById('spelled').open = true")
    shown = lambda: browser.execute_script("return document.getElementById('words').textContent")
    wait(browser, lambda: "Good." in shown())
    assert shown().split() == "It is twenty-one degrees Celsius in the kitchen. [2 s] Good.".split()
    browser.execute_script(
        "const text = document.getElementById('text'); text.value = '5 km'; text.dispatchEvent(new Event('input'))")
    wait(browser, lambda: shown().split() == ["five", "kilometers"])
    assert not complaints(browser)

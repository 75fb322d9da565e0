"""Looks at every page of a dashboard with a headless Chromium, by the DevTools protocol over a pipe; needs no packages.

    check_pages.py CHROMIUM ADDRESS PICTURES running|finished [TOKEN]
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DESK, PHONE = (1280, 900, False), (390, 844, True)


class Browser:
    def __init__(self, program, profile):
        # The browser reads commands from its descriptor 3 and writes to 4.
        to_read, self.out = os.pipe()
        self.inward, to_write = os.pipe()
        words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
                 "--disable-background-networking", "--disable-dev-shm-usage", f"--user-data-dir={profile}"]
        # By way of high numbers, so that neither overwrites the other.
        shell = f'exec 8<&{to_read} 9>&{to_write} 3<&8 4>&9 8<&- 9>&-; exec "$@"'
        self.process = subprocess.Popen(["bash", "-c", shell, "browser", program, *words, "about:blank"],
                                        pass_fds=(to_read, to_write), stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.buffer, self.number, self.session, self.problems, self.loads = b"", 0, None, [], 0
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Network", "Log"]:
            self.do(f"{domain}.enable")

    def next_message(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.inward, 1 << 16)
            if not piece:
                sys.exit("the browser ended")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def do(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.next_message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.hear(answer.get("method"), answer.get("params", {}))

    def hear(self, event, given):
        if event == "Runtime.exceptionThrown":
            self.problems.append(given["exceptionDetails"].get("exception", {}).get("description", "an exception"))
        elif event == "Log.entryAdded" and given["entry"]["level"] == "error":
            self.problems.append(f"{given['entry']['text']} {given['entry'].get('url', '')}")
        elif event == "Runtime.consoleAPICalled" and given["type"] in ("error", "assert"):
            self.problems.append(str(given["args"]))
        elif event == "Network.requestWillBeSent":
            url = given["request"]["url"]
            if not url.startswith((address, "data:", "about:")):
                self.problems.append(f"{url} is fetched from elsewhere")
        elif event == "Page.loadEventFired":
            self.loads += 1

    def ask(self, expression):
        answer = self.do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            self.problems.append(f"{expression}: {answer['exceptionDetails']['text']}")
        return answer["result"].get("value")

    def until(self, expression, seconds, what):
        end = time.monotonic() + seconds
        while not (value := self.ask(expression)):
            if time.monotonic() > end:
                sys.exit(f"{what}: not within {seconds} s")
            time.sleep(0.2)
        return value

    def show(self, size):
        width, height, mobile = size
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def open(self, path):
        before = self.loads
        self.do("Page.navigate", url=address + path.lstrip("/"))
        end = time.monotonic() + 60
        while self.loads == before:
            if time.monotonic() > end:
                sys.exit(f"{path}: not loaded within 60 s")
            self.ask("1")
            time.sleep(0.05)

    def picture(self, name):
        data = self.do("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        (pictures / f"{name}.png").write_bytes(base64.b64decode(data))


def look_at(browser, path, name):
    """One page, on a desk and on a phone."""
    for size, kind in [(DESK, "desk"), (PHONE, "phone")]:
        browser.show(size)
        browser.open(path)
        if not browser.ask("document.querySelector('main')?.innerText.trim().length > 10 && document.title"):
            browser.problems.append(f"{path}: an empty page")
        wide = browser.ask("document.scrollingElement.scrollWidth - innerWidth")
        if wide > 0:
            browser.problems.append(f"{path}: {wide} pixels wider than a {kind}")
        browser.picture(f"{state}-{name}-{kind}")
    browser.show(DESK)


def watch(browser):
    """The first page changes by itself, without being loaded, and keeps what was opened and focused."""
    browser.open("/")
    browser.ask("""window.mark = {
        text: document.querySelector('main').innerText,
        opened: [...document.querySelectorAll('main details:not([open]) > summary')].slice(0, 1)
            .map(summary => { summary.click(); return summary.parentElement; })[0],
        link: document.querySelector('main a[href]') }; mark.link.focus(); 1""")
    changed = "window.mark && document.querySelector('main').innerText !== mark.text"
    browser.until(changed, 120, "the page changes while the sweep runs")
    if not browser.ask("document.activeElement === mark.link || !mark.link.isConnected"):
        browser.problems.append("/: the focus is lost when the page changes")
    if browser.ask("mark.opened && mark.opened.isConnected && !mark.opened.open"):
        browser.problems.append("/: what was opened is closed when the page changes")


def command(browser):
    """With a token pages have commands, which say what became of them without leaving the page."""
    browser.open("/")
    browser.ask("window.mark = 1; document.querySelector('form[data-keep] input[name=all]').click()")
    browser.ask("document.querySelector('form[data-keep] button').click()")
    said = browser.until("window.mark && document.querySelector('form[data-keep] output').innerText.length > 3 && "
                         "document.querySelector('form[data-keep] output').innerText", 20, "a command is answered")
    # Nobody works on the store any more, and that is what it says.
    if "No coordinator" not in said:
        browser.problems.append(f"a command is answered by: {said}")
    browser.problems = [text for text in browser.problems if "503" not in text]


def check(browser):
    browser.open(f"/?token={token}" if token else "/")
    browser.until("document.querySelector('nav') !== null", 60, "the first page")
    if state == "running":
        browser.until("document.querySelector('a[href^=\"/stages/\"]') !== null", 120, "stages are shown")
        watch(browser)
    links = browser.ask("[...document.querySelectorAll('a[href^=\"/\"]')].map(a => a.getAttribute('href'))")
    stages = [link for link in dict.fromkeys(links) if link.startswith("/stages/")]
    # Of the stages the first, one in the middle and the last.
    some = [stages[place] for place in sorted({0, len(stages) // 2, len(stages) - 1})] if stages else []
    paths = ["/"] + [link for link in dict.fromkeys(links) if link != "/" and link not in stages] + some
    for number, path in enumerate(paths):
        look_at(browser, path, f"{number:02}-" + (re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:30] or "first"))
    browser.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    look_at(browser, "/", "dark")
    browser.do("Emulation.setEmulatedMedia", features=[])
    if state == "running":
        watch(browser)
    if token:
        command(browser)
    browser.do("Emulation.setScriptExecutionDisabled", value=True)
    look_at(browser, "/", "without-script")
    if not stages or len(paths) < 5:
        browser.problems.append(f"only {paths} were found")
    return paths


program, address, pictures, state = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
token = sys.argv[5] if len(sys.argv) > 5 else None
pictures.mkdir(parents=True, exist_ok=True)
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
    browser = Browser(program, profile)
    try:
        paths = check(browser)
    finally:
        browser.process.terminate()
        browser.process.wait()
for problem in dict.fromkeys(browser.problems):
    print(f"  {problem}", file=sys.stderr)
if browser.problems:
    sys.exit(f"{len(set(browser.problems))} things are wrong with the pages")
print(f"{len(paths)} pages are well ({state})")

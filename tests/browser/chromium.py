"""Debian's Chromium without a head, driven through chromedriver on loopback: what a page looks like to who opens it.

Every request that a page makes and every word on its console is kept, so that a test can say there were none.
"""

import base64
import json
import re
import shutil
from pathlib import Path
from typing import Any, Literal, NamedTuple

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # a container's root has no user namespace to give; the pages are ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--hide-scrollbars",
)
PROGRAMS = ("chromium", "chromedriver")
PAPERS = {"A4": (8.27, 11.69), "Letter": (8.5, 11.0)}
"""Width and height in inches."""

Scheme = Literal["light", "dark"]
_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")


def missing() -> str:
    """What these tests need and this machine lacks, in words; empty if nothing is."""
    lacking = [f"no {name} on PATH" for name in PROGRAMS if shutil.which(name) is None]
    try:
        import selenium  # noqa: F401
    except ImportError:
        lacking.append("no selenium installed")
    return ", ".join(lacking)


class Look(NamedTuple):
    """How a page is opened: width in px, colour scheme."""

    width: int
    scheme: Scheme


class Browser:
    """One Chromium. `open` a page, then ask about it."""

    def __init__(self, profile: Path) -> None:
        from selenium.webdriver import Chrome, ChromeOptions
        from selenium.webdriver.chrome.service import Service

        options = ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self._driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self._driver.set_page_load_timeout(60)

    def close(self) -> None:
        """End the browser."""
        self._driver.quit()

    def open(self, page: Path, look: Look) -> None:
        """Open a file; logs of pages before it are forgotten."""
        self._driver.get("about:blank")
        self._command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": look.scheme}])
        self._command(
            "Emulation.setDeviceMetricsOverride", width=look.width, height=900, deviceScaleFactor=1, mobile=False
        )
        self._driver.get_log("performance")  # type: ignore[no-untyped-call]
        self._driver.get_log("browser")  # type: ignore[no-untyped-call]
        self._driver.get(page.as_uri())

    def requests(self) -> list[str]:
        """The URLs asked for since the page was opened, its own included."""
        messages = (json.loads(one["message"])["message"] for one in self._driver.get_log("performance"))  # type: ignore[no-untyped-call]
        sent = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [url for url in sent if url != "about:blank"]

    def console(self) -> list[str]:
        """Everything on the console: errors, warnings, refusals of the page's policy."""
        return [str(one["message"]) for one in self._driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def run(self, script: str) -> Any:
        """What a script in the page returns."""
        return self._driver.execute_script(script)

    def violations(self) -> list[str]:
        """What axe-core finds wrong, in any of its rules but the experimental ones."""
        self.run(AXE.read_text(encoding="utf-8"))
        found = self._driver.execute_async_script(
            "const done = arguments[0];"
            "axe.run(document, {resultTypes: ['violations'], preload: false})"
            ".then(done, error => done({violations: [{id: String(error), nodes: []}]}))"
        )
        return [
            f"{one['id']}: {one.get('help', '')}: {node['html'][:160]} {node.get('failureSummary', '')}"
            for one in found["violations"]
            for node in one["nodes"] or [{"html": ""}]
        ]

    def pdf(self, paper: str) -> bytes:
        """The page printed on `A4` or `Letter`, with the margins that its own style asks for."""
        width, height = PAPERS[paper]
        printed = self._command(
            "Page.printToPDF", paperWidth=width, paperHeight=height, printBackground=True, preferCSSPageSize=False
        )
        return base64.b64decode(printed["data"])

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        shot = self._command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def _command(self, name: str, **arguments: object) -> dict[str, Any]:
        answer: dict[str, Any] = self._driver.execute_cdp_cmd(name, arguments)
        return answer


def sheets(pdf: bytes) -> int:
    """How many pages a PDF of Chromium has."""
    return len(_PAGE.findall(pdf))

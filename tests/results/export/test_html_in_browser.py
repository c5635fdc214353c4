"""The HTML report in a real browser, from a file, at every width and in both colour schemes."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from ringback.domain.run import Result
from ringback.results.compare import compare
from ringback.results.export.html import render
from ringback.results.summary import summarise

Samples = Any  # conftest.py cannot be imported; its class is documented there
Scheme = Literal["light", "dark"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Opened:
    """A page with everything it asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        return await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


async def _open(window: BrowserContext, file: Path, *, width: int = 1200, scheme: Scheme = "light") -> Opened:
    opened = Opened(await window.new_page())
    await opened.page.set_viewport_size({"width": width, "height": 800})
    await opened.page.emulate_media(color_scheme=scheme)
    await opened.page.goto(file.as_uri())
    return opened


def _write(tmp_path: Path, result: Result, baseline: Result | None = None) -> Path:
    file = tmp_path / "report.html"
    file.write_text(
        render(result, summarise(result), compare(baseline, result) if baseline else None), encoding="utf-8"
    )
    return file


@pytest.mark.parametrize("width", [360, 768, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_opens_offline_asks_nobody_and_fits(
    window: BrowserContext, samples: Samples, tmp_path: Path, width: int, scheme: Scheme
) -> None:
    file = _write(tmp_path, samples.result(), samples.result(id=3))
    opened = await _open(window, file, width=width, scheme=scheme)
    assert opened.requests == [file.as_uri()]
    assert opened.complaints == []
    assert await opened.overflow() <= 0
    assert await opened.page.locator("h1").inner_text() == "clinic.yaml"
    background = await opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(251, 251, 250)" if scheme == "light" else "rgb(19, 21, 24)")


async def test_words_without_a_blank_do_not_widen_a_phone(
    window: BrowserContext, hostile: Callable[[str], Result], tmp_path: Path
) -> None:
    opened = await _open(window, _write(tmp_path, hostile("x" * 3000)), width=360)
    assert await opened.overflow() <= 0


async def test_the_filter_shows_one_outcome(window: BrowserContext, samples: Samples, tmp_path: Path) -> None:
    opened = await _open(window, _write(tmp_path, samples.result()))
    runs = opened.page.locator(".run:visible")
    assert await runs.count() == 17
    await opened.page.get_by_role("button", name="failed 2").click()
    assert await runs.count() == 2
    await opened.page.get_by_role("button", name="all 17").click()
    assert await runs.count() == 17
    assert opened.complaints == []


async def test_a_scenario_leads_to_its_run_and_a_check_to_its_entry(
    window: BrowserContext, samples: Samples, tmp_path: Path
) -> None:
    opened = await _open(window, _write(tmp_path, samples.result()))
    await opened.page.get_by_role("button", name="failed 2").click()
    await opened.page.get_by_role("link", name="Books a first visit").click()
    first = opened.page.locator(".run.passed[open]")
    assert await first.locator(".title").inner_text() == "Books a first visit"
    await opened.page.locator(".run.failed .at").first.click()
    assert await opened.page.locator(".moment:target").count() == 1


async def test_it_is_useful_without_javascript(browser: Browser, samples: Samples, tmp_path: Path) -> None:
    window = await browser.new_context(offline=True, java_script_enabled=False)
    opened = await _open(window, _write(tmp_path, samples.result()))
    assert await opened.page.locator(".filter").is_hidden()
    assert await opened.page.get_by_text("You are booked for Friday at 10:30").first.is_visible()
    await opened.page.locator(".run.passed summary").first.click()
    assert await opened.page.locator(".run.passed .transcript").first.is_visible()


PLANTED = (
    "<script>window.planted = 1</script>",
    "</script><script>window.planted = 1</script>",
    '"><img src=x onerror="window.planted = 1">',
    "</style></title></textarea><svg/onload=window.planted=1>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<iframe srcdoc='<script>parent.planted = 1</script>'></iframe>",
)


@pytest.mark.parametrize("text", ["".join(PLANTED[:3]), "".join(PLANTED[3:])])
async def test_planted_scripts_do_not_run(
    window: BrowserContext, hostile: Callable[[str], Result], tmp_path: Path, text: str
) -> None:
    file = _write(tmp_path, hostile(text))
    opened = await _open(window, file)
    await asyncio.gather(*(one.click() for one in await opened.page.locator(".more > summary").all()))
    assert await opened.page.evaluate("window.planted") is None
    assert opened.requests == [file.as_uri()]
    assert opened.complaints == []
    assert text in await opened.page.locator("main").inner_text()

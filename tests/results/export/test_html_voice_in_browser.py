"""The player of the HTML report in a real browser, from a file: it is heard, followed, clicked and driven by keys."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from ringback.domain.run import Attempt
from ringback.results.export.html import render
from ringback.results.export.html_voice_copies import copy_recordings
from ringback.results.summary import summarise

Calls = Any  # conftest.py cannot be imported; its classes are documented there

PLAYED_ON = """new Promise(done => {
  const audio = document.querySelector("audio");
  audio.addEventListener("timeupdate", () => audio.currentTime > 1.05 && done());
})"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Opened:
    """A page with everything it asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: set[str] = set()
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.add(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def time(self) -> float:
        """Where the recording is."""
        return await self.page.evaluate("document.querySelector('audio').currentTime")

    async def now(self) -> list[str]:
        """The lines that are highlighted."""
        return await self.page.locator(".moment.now .words").all_inner_texts()

    async def head(self) -> str:
        """Where the playhead stands."""
        return await self.page.evaluate("document.querySelector('.head').style.left")


def write(calls: Calls, tmp_path: Path, **changes: Any) -> Path:
    calls.record()
    result, file = calls.result(**changes), tmp_path / "report.html"
    recordings = copy_recordings(result, file, calls.recordings)
    file.write_text(render(result, summarise(result), recordings=recordings), encoding="utf-8")
    return file


async def open_page(window: BrowserContext, file: Path, *, width: int = 1200) -> Opened:
    opened = Opened(await window.new_page())
    await opened.page.set_viewport_size({"width": width, "height": 800})
    await opened.page.goto(file.as_uri())
    return opened


async def test_it_plays_from_a_file_and_highlights_the_line_that_is_spoken(
    window: BrowserContext, calls: Calls, tmp_path: Path
) -> None:
    file = write(calls, tmp_path)
    opened = await open_page(window, file)
    assert await opened.now() == ["Hello."]
    await opened.page.locator(".stage").focus()
    await opened.page.keyboard.press(" ")
    await opened.page.locator(".moment.caller.now").wait_for()
    assert await opened.time() >= 1.0
    assert await opened.now() == ["Are you open?"]
    assert await opened.page.locator(".player.playing").count() == 1
    await opened.page.keyboard.press(" ")
    await opened.page.locator(".player:not(.playing)").wait_for()
    assert opened.complaints == []
    assert opened.requests == {file.as_uri(), (tmp_path / "report.recordings" / "101-1.mp3").as_uri()}


async def test_a_click_on_the_picture_and_on_a_lines_time_go_there(
    window: BrowserContext, calls: Calls, tmp_path: Path
) -> None:
    opened = await open_page(window, write(calls, tmp_path))
    box = await opened.page.locator(".stage").bounding_box()
    assert box is not None
    await opened.page.mouse.click(box["x"] + box["width"] * 3.75 / 6, box["y"] + 40)
    assert await opened.time() == pytest.approx(3.75, abs=0.02)
    assert await opened.now() == ["Yes, we are open.", "I have to broken off"]
    assert float((await opened.head()).rstrip("%")) == pytest.approx(62.5, abs=0.3)
    await opened.page.get_by_role("link", name="0:01.0").click()
    await opened.page.evaluate(PLAYED_ON)
    assert await opened.time() < 2.5
    assert not await opened.page.evaluate("document.querySelector('audio').paused")
    assert opened.page.url.endswith("report.html")
    assert opened.complaints == []


async def test_the_picture_is_a_slider_for_the_keyboard(window: BrowserContext, calls: Calls, tmp_path: Path) -> None:
    opened = await open_page(window, write(calls, tmp_path))
    slider = opened.page.get_by_role("slider", name="Place in the recording")
    await slider.focus()
    for key, place in (("End", 6.0), ("ArrowLeft", 5.0), ("PageDown", 0.0), ("ArrowRight", 1.0), ("Home", 0.0)):
        await opened.page.keyboard.press(key)
        assert await opened.time() == pytest.approx(place, abs=0.01)
        assert float(await slider.get_attribute("aria-valuenow") or "") == pytest.approx(place, abs=0.05)
    assert await slider.get_attribute("aria-valuetext") == "0:00.0 of 0:06.0"


async def test_only_one_of_two_recordings_plays(window: BrowserContext, calls: Calls, tmp_path: Path) -> None:
    file = write(calls, tmp_path)
    result = calls.result()
    attempt = Attempt(number=1, conversation=result.runs[0].conversation, reason="The caller looped.")
    result = replace(result, runs=(replace(result.runs[0], earlier_attempts=(attempt,)),))
    recordings = copy_recordings(result, file, calls.recordings)
    file.write_text(render(result, summarise(result), recordings=recordings), encoding="utf-8")
    opened = await open_page(window, file)
    assert await opened.page.locator("audio").count() == 2
    for place in (0, 1):
        await opened.page.locator("audio").nth(place).evaluate("audio => audio.play()")
    paused = "[...document.querySelectorAll('audio')].map(audio => audio.paused)"
    assert await opened.page.evaluate(paused) == [True, False]


@pytest.mark.parametrize("width", [360, 1400])
async def test_it_fits_and_is_useful_without_javascript(
    browser: Browser, window: BrowserContext, calls: Calls, tmp_path: Path, width: int
) -> None:
    file = write(calls, tmp_path)
    without = await browser.new_context(offline=True, java_script_enabled=False, color_scheme="dark")
    opened = await open_page(without, file, width=width)
    assert await opened.page.locator("audio[controls]").is_visible()
    assert await opened.page.get_by_role("img", name="Both sides of the call").is_visible()
    assert await opened.page.locator(".head").is_hidden()
    address = await opened.page.locator(".seek").first.get_attribute("href")
    assert address == "report.recordings/101-1.mp3#t=0.0"
    followed = await open_page(window, file, width=width)
    assert await followed.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


async def test_planted_scripts_of_a_spoken_agent_do_not_run(
    window: BrowserContext, calls: Calls, tmp_path: Path
) -> None:
    planted = "</script><img src=x onerror='window.planted = 1'><script>window.planted = 1</script>"
    opened = await open_page(window, write(calls, tmp_path, words=planted, degraded=(planted,), transport=planted))
    assert await opened.page.evaluate("window.planted") is None
    assert planted in await opened.page.locator("main").inner_text()
    assert opened.complaints == []

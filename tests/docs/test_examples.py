"""Every command and example of the README and the pages under docs/ is carried out; every link leads somewhere."""

from pathlib import Path

import pytest
from command_server import CommandServer
from pages import PROJECT, anchors, blocks, linked_pages, links, name_of, pages
from reader import DATABASE, Reader


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_what_a_page_says_can_be_done(
    page: Path, tmp_path: Path, model_url: str, commands: CommandServer, request: pytest.FixtureRequest
) -> None:
    """The README's commands load what they need, as a reader's do; those of the other pages have loaded already."""
    needs_server = DATABASE in page.read_text(encoding="utf-8")
    database_url: str = request.getfixturevalue("postgresql_url") if needs_server else ""
    with Reader(tmp_path, model_url, database_url, None if page.name == "README.md" else commands) as reader:
        for block in blocks(page):
            reader.carry_out(block)


@pytest.mark.parametrize("page", linked_pages(), ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{name_of(page)}: {link}"
        if anchor:
            assert anchor in anchors(path), f"{name_of(page)}: {link}; there are {', '.join(sorted(anchors(path)))}"


def test_every_page_is_in_the_index() -> None:
    index = PROJECT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    missing = [name_of(page) for page in pages() if page not in linked and page.name != index.name]
    assert not missing

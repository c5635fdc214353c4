"""Pages of the documentation, taken apart: fenced blocks and the marks before them, links, headings.

Marks are HTML comments, which readers do not see:

    <!-- exits 1 -->            the last command of the next block ends with 1, not with 0; `exits 1 or 3`: with either
    <!-- file: NAME -->         the next block is also the file NAME for the commands that follow
    <!-- file: NAME
    CONTENT -->                 a file that readers need not see
    <!-- before: COMMAND -->    a command that readers need not see
    <!-- fragment -->           the next block is not whole: it is read, not run
    <!-- not run: WHY -->       the next block has no command of ours
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).parents[2]

_ITEM = re.compile(
    r"<!-- (?P<mark>.*?) -->"
    r"|^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=indent)```[ ]*$",
    re.DOTALL | re.MULTILINE,
)
_MARKS = ("exits ", "file: ", "before: ", "fragment", "not run: ")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block with its marks; or, without a language, a mark that stands for itself."""

    page: str
    line: int
    language: str
    text: str
    marks: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Command:
    """One command of a block, and the lines of output that the page shows below it."""

    line: str
    shown: tuple[str, ...]


def pages() -> list[Path]:
    """The README and everything under docs/."""
    return [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]


def linked_pages() -> list[Path]:
    """All pages whose links readers follow."""
    others = [PROJECT / name for name in ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "examples/README.md")]
    return [*pages(), *others]


def name_of(page: Path) -> str:
    """The page's path in the project."""
    return page.relative_to(PROJECT).as_posix()


def blocks(page: Path) -> list[Block]:
    """The page's blocks and silent commands, in order."""
    text = page.read_text(encoding="utf-8")
    found: list[Block] = []
    waiting: dict[str, str] = {}
    for item in _ITEM.finditer(text):
        line = text.count("\n", 0, item.start()) + 1
        if item["mark"] is None:
            indent = len(item["indent"])
            body = "".join(row[indent:] for row in item["text"].splitlines(keepends=True))
            found.append(Block(name_of(page), line, item["language"].strip(), body, waiting))
            waiting = {}
            continue
        mark, value = _mark(item["mark"])
        head, newline, content = value.partition("\n")
        if mark == "before: ":
            found.append(Block(name_of(page), line, "", "", {mark: value}))
        elif newline:
            found.append(Block(name_of(page), line, "", content + "\n", {mark: head}))
        else:
            waiting = {**waiting, mark: value}
    assert not waiting, f"{name_of(page)}: {waiting} stands before no block"
    return found


def _mark(text: str) -> tuple[str, str]:
    for mark in _MARKS:
        if text.startswith(mark):
            return mark, text.removeprefix(mark)
    raise AssertionError(f"<!-- {text} --> is not a mark that this test knows: {', '.join(_MARKS)}")


def commands(block: Block) -> list[Command]:
    """The commands of a block: behind `$ ` in `console`, every line in `sh`; a backslash joins lines."""
    rows = block.text.replace("\\\n", "").splitlines()
    if block.language == "sh":
        return [Command(row, ()) for row in rows if row.strip()]
    found: list[Command] = []
    for row in rows:
        if row.startswith("$ "):
            found.append(Command(row[2:], ()))
        elif found:
            found[-1] = Command(found[-1].line, (*found[-1].shown, row))
        else:
            raise AssertionError(f"{block.place}: a console block begins with a command behind `$ `")
    return found


def links(page: Path) -> list[str]:
    """The targets of the page's links to other pages and files."""
    text = _ITEM.sub("", page.read_text(encoding="utf-8"))
    return [link for link in _LINK.findall(text) if not re.match(r"[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """The names by which headings of a page can be linked to."""
    text = _ITEM.sub("", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)).strip().lower().replace(" ", "-")
        for heading in _HEADING.findall(text)
    }

"""Secrets that are planted, in every form in which they might come back, and the places where they are looked for."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import psycopg
from psycopg import sql


def forms_of(secret: str) -> Iterator[bytes]:
    """The secret as it is, in JSON (also within JSON), in URLs, in pages, and within base64 at any offset."""
    once = json.dumps(secret)[1:-1]
    texts = {secret, once, json.dumps(once)[1:-1], once.replace("/", "\\/")}
    texts |= {quote(secret), quote(secret, safe=""), quote_plus(secret), html.escape(secret)}
    texts |= {repr(secret)[1:-1], secret.encode().hex()}
    yield from (text.encode() for text in texts)
    for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            # Without the characters that depend on what stands before and after.
            yield alphabet(b"\0" * offset + secret.encode())[4 * (offset > 0) :].rstrip(b"=")[:-1]


class Planted:
    """Looks for secrets in whatever may be read by somebody."""

    def __init__(self, secrets: dict[str, str]) -> None:
        """Secrets by what they are."""
        self._names = {form: name for name, secret in secrets.items() for form in forms_of(secret)}
        self._any = re.compile(b"|".join(re.escape(form) for form in sorted(self._names, key=len, reverse=True)))
        self.seen: set[str] = set()
        """Where it was looked."""

    def found_in(self, place: str, data: bytes | str) -> list[str]:
        """A line for each secret that is there: what, where, and the words around it."""
        self.seen.add(place)
        raw = data.encode() if isinstance(data, str) else data
        return [
            f"{self._names[match.group()]} in {place}: …{raw[max(0, match.start() - 80) : match.end() + 20]!r}…"
            for match in self._any.finditer(raw)
        ]


def sqlite_files(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every byte of our database and of the engine's, with their write-ahead logs and what else lies there."""
    for path in sorted(home.rglob("*")):
        if path.is_file():
            yield str(path.name), path.read_bytes()


def postgresql_tables(url: str) -> Iterable[tuple[str, bytes]]:
    """Every column of every row of every table, ours and the engine's."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables"
            " WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'"
        ).fetchall()
        for schema, name in tables:
            query = sql.SQL("SELECT row_to_json(t)::text, t::text FROM {} t").format(sql.Identifier(schema, name))
            rows = connection.execute(query).fetchall()
            yield f"{schema}.{name}", "\n".join(f"{one}\n{other}" for one, other in rows).encode()

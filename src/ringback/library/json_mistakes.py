"""What is wrong with a text that was to be JSON, in plain sentences."""

import json

_EXPLAINED = {
    "Expecting value": (
        "A value is missing here: there is a comma too many, or a bracket is not closed.",
        "Remove the comma, or close the bracket.",
    ),
    "trailing comma": ("There is a comma too many.", "Remove it."),
    "Expecting ',' delimiter": ("A comma or a closing bracket is missing.", "Add it."),
    "Expecting property name": ("A key in double quotes is missing here.", "Remove the comma before, or add the key."),
    "Expecting ':' delimiter": ("A key stands here without a colon behind it.", 'Write `"key": value`.'),
    "Unterminated string": ("A quote is opened and never closed.", "Close it."),
    "Invalid control character": ("A text goes over the end of its line.", "Close its quote, or write `\\n`."),
    "Invalid \\": ("A `\\` stands here that begins nothing.", "Write two of them."),
    "Extra data": ("Something follows the end of the document.", "Remove it."),
}
"""By what `json` says."""


def first_mistake(text: str) -> tuple[str, str, int, int] | None:
    """What is wrong, what would be right, line and column (from 1); None where it cannot be told."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        known = (said for part, said in _EXPLAINED.items() if part in error.msg)
        message, remedy = next(known, (f"{error.msg}.", "Check the place and what stands before it."))
        return f"The file is not JSON: {message[0].lower()}{message[1:]}", remedy, error.lineno, error.colno
    except (ValueError, RecursionError):
        return None
    return None

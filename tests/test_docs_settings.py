"""Documentation that must not fall behind the code."""

from pathlib import Path

from ringback.settings import Settings, environment_variable

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "settings.md"


def test_every_setting_is_documented_with_its_default() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        row = next((line for line in page.splitlines() if line.startswith(f"| `{environment_variable(name)}`")), "")
        assert field.description is not None
        assert field.description in row, name
        assert field.default is None or f"`{field.default}`" in row, name

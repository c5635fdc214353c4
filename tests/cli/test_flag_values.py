"""What a person reads whose flag has a value that it cannot have."""

import pytest
from typer.testing import CliRunner

from ringback.cli.main import app


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("run --resume abc", "'--resume': 'abc' is not a whole number."),
        ("run s.yaml --seed 1.5", "'--seed': '1.5' is not a whole number."),
        ("run s.yaml --repeat 0", "'--repeat': '0' is out of range: it has to be at least 1."),
        ("run s.yaml --max-cost much", "'--max-cost': 'much' is not a number."),
        ("run s.yaml --max-cost inf", "'--max-cost': it has to be a finite number."),
        ("run s.yaml --min-pass-rate nan", "'--min-pass-rate': it has to be a finite number."),
        ("run s.yaml --min-pass-rate 90", "'--min-pass-rate': '90' is out of range: it has to be at most 1."),
        ("run s.yaml --channel radio", "'--channel': 'radio' is not one of 'text', 'media-streams', 'chirp', 'sip'."),
        ("check-agent ws://localhost --patience inf", "'--patience': it has to be a finite number."),
        ("results show \x1b[31mred", "'RESULT': 'red' is not a whole number."),
        ("results list --limit 0", "'--limit': '0' is out of range: it has to be at least 1."),
    ],
)
def test_a_wrong_value_is_named_with_what_it_has_to_be(arguments: str, sentence: str) -> None:
    result = CliRunner().invoke(app, arguments.split(" "))
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"Error: Invalid value for {sentence}"


def test_an_unknown_flag_is_still_told_as_one() -> None:
    result = CliRunner().invoke(app, ["run", "--nope"])
    assert result.exit_code == 2
    assert "No such option: --nope" in result.stderr

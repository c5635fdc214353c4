"""Background noises by name: those that Ringback makes, and sound files in a folder of the user's own."""

import re
from pathlib import Path

from ringback.domain.noise import OFF, BackgroundNoise, Noise, NoiseFile, background_noise

_FILE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,99})(\.wav|\.flac|\.ogg|\.mp3)?")
_ENDINGS = (".wav", ".flac", ".ogg", ".mp3")


def find_noise(name: str, folder: Path | None) -> Noise | None:
    """The noise of that name; None where there is none, or it is `off`.

    Names come from outside. Only what can be the bare name of a file, with a known ending or without one, is looked for
    in the folder, so that no name leads out of it.
    """
    if made := background_noise(name):
        return made
    found = _FILE.fullmatch(name.strip()) if folder is not None else None
    if folder is None or found is None or name.strip().lower() in OFF:
        return None
    stem, ending = found.groups()
    paths = (folder / f"{stem}{one}" for one in ((ending,) if ending else _ENDINGS))
    return next((NoiseFile(path) for path in paths if path.is_file()), None)


def noise_problem(name: str, folder: Path | None) -> str | None:
    """Why a background noise of that name cannot be played, or None where it can (or is `off`)."""
    if name.strip().lower() in OFF or find_noise(name, folder) is not None:
        return None
    known = ", ".join(BackgroundNoise)
    if "/" in name:
        return (
            "Sounds are not fetched from addresses or paths; put the file into the folder RINGBACK_NOISES and write "
            f"its bare name. The noises that Ringback makes itself are: {known}."
        )
    return (
        f"There is no background noise '{name[:60]}'; there are: off, {known}, and sound files in the folder "
        "RINGBACK_NOISES."
    )

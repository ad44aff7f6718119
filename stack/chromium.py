"""Where this machine's Chromium is; without what drives it, so that asking costs nothing."""

import shutil

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


class NoBrowserError(Exception):
    """There is no Chromium on this machine."""


def chromium() -> str:
    """Return the path of Chromium; NoBrowserError says what to install."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    raise NoBrowserError("there is no Chromium here; as root: stack/debian-packages.sh --install")

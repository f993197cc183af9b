"""Pictures as strangers send them, honest and hostile, made here so that no file has to be kept."""

import struct
import zlib
from io import BytesIO

from PIL import Image

PLACE = b"Canary Island 12.345 N"  # what a camera writes beside a picture


def photo(size: tuple[int, int] = (640, 480), kind: str = "JPEG", mode: str = "RGB", **told: object) -> bytes:
    out = BytesIO()
    Image.new(mode, size, None if mode == "P" else _colour(mode)).save(out, kind, **told)
    return out.getvalue()


def _colour(mode: str) -> int | tuple[int, ...]:
    known: dict[str, int | tuple[int, ...]] = {
        "RGB": (180, 60, 40),
        "RGBA": (180, 60, 40, 128),
        "CMYK": (20, 200, 200, 10),
        "L": 90,
    }
    return known[mode]


def sideways() -> bytes:
    """Return a photo that a camera held on its side has taken: red on the left as stored, on top as seen."""
    picture = Image.new("RGB", (640, 320), (0, 0, 200))
    picture.paste((200, 0, 0), (0, 0, 320, 320))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = PLACE.decode()
    out = BytesIO()
    picture.save(out, "JPEG", exif=exif, comment=PLACE, quality=95)
    return out.getvalue()


def moving() -> bytes:
    frames = [Image.new("RGB", (200, 200), (shade, 0, 0)) for shade in (0, 200)]
    out = BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """Return a PNG of a few kilobytes that says it has nearly a thousand million pixels."""
    return _png(width, height, zlib.compress(bytes(1_000_000), 9))


def lying() -> bytes:
    """Return a PNG that holds far more than the few pixels that it says."""
    return _png(200, 200, zlib.compress(bytes(200_000_000), 9))


def _png(width: int, height: int, data: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [_chunk(b"IHDR", head), _chunk(b"IDAT", data), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><script>alert(1)</script></svg>'
PAGE = b"<!doctype html><script>alert(1)</script>"

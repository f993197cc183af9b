"""Making a photo of what a stranger calls one: decoded, turned upright, and written anew in two sizes.

Nothing of the file goes on but its picture: no place, no camera, no thumbnail, no profile, no comment, and nothing
that a browser could take for a page. Only three kinds are tried, whatever a file calls itself. This runs in a process
of its own (`config.aside`), which is why it imports so little.
"""

import struct
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

KINDS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 50_000_000
LEAST_SIDE = 160
LARGE, SMALL = 720, 192

_QUALITY = 82


def make(given: bytes) -> bytes:
    """Return `+`, the length of the large picture in four bytes and both pictures; or `-` and why there are none."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - only its own process wants it

    Image.MAX_IMAGE_PIXELS = None  # we count ourselves, before a pixel is decoded
    try:
        with Image.open(BytesIO(given), formats=KINDS) as picture:
            why = _why_not(picture)
            return b"-" + why if why else _made(picture)
    except UnidentifiedImageError:
        return b"-kind"


def _why_not(picture: "Image") -> bytes | None:
    if picture.width * picture.height > MOST_PIXELS:
        return b"pixels"
    if min(picture.size) < LEAST_SIDE:
        return b"small"
    return b"moves" if getattr(picture, "is_animated", False) else None


def _made(picture: "Image") -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415 - as above

    picture.draft("RGB", (2 * LARGE, 2 * LARGE))  # a JPEG is decoded no larger than it is needed
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in {"RGBA", "LA", "PA", "P"}:
        upright = upright.convert("RGBA")
        plain = Image.new("RGB", upright.size, "white")
        plain.paste(upright, mask=upright.getchannel("A"))
    else:
        plain = upright.convert("RGB")
    plain.info.clear()
    large = _written(ImageOps.contain(plain, (LARGE, LARGE)) if max(plain.size) > LARGE else plain)
    small = _written(ImageOps.fit(plain, (SMALL, SMALL), centering=(0.5, 0.35)))  # faces are above the middle
    return b"+" + struct.pack(">I", len(large)) + large + small


def _written(picture: "Image") -> bytes:
    out = BytesIO()
    picture.info.clear()
    picture.save(out, "WEBP", quality=_QUALITY)
    return out.getvalue()

"""Reading photos of strangers, in a process of its own (`config.pictures`), and saying what is wrong with one."""

import struct

from config import aside
from config.errors import Refused
from people.values.profiles import PhotoFiles

LARGEST = 10 * 1024 * 1024
LIMITS = aside.Limits(cpu_s=20, wall_s=30, memory_mb=1024)

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_NO = {
    b"kind": ("photo_not_a_picture", "This is no photo that we can read. Send a JPEG, PNG or WebP picture."),
    b"moves": ("photo_moves", "This picture moves. Send one that stands still."),
    b"pixels": ("photo_too_many_pixels", "This photo has too many pixels. Send one of at most 50 megapixels."),
    b"small": ("photo_too_small", "This photo is too small. Send one of at least 160 by 160 pixels."),
    b"damaged": ("photo_damaged", "This photo is damaged. Open it, save it anew and try again."),
}


async def read(given: bytes) -> PhotoFiles:
    """Return a photo in both of its sizes; Refused with what to do where there is none in the file."""
    if len(given) > LARGEST:
        raise too_large()
    if not given:
        raise Refused("photo_missing", "Choose a photo first.", status=422)
    if not given.startswith(_SIGNATURES):
        raise _refused(b"kind")  # a process need not be begun for that
    try:
        made = await aside.read_aside("config.pictures:make", given, limits=LIMITS)
    except aside.TookTooMuch:
        raise _refused(b"pixels") from None
    except aside.Unreadable:
        raise _refused(b"damaged") from None
    if not made.startswith(b"+"):
        raise _refused(made[1:])
    (length,) = struct.unpack_from(">I", made, 1)
    return PhotoFiles(large=made[5 : 5 + length], small=made[5 + length :])


def too_large() -> Refused:
    """Return the refusal of a file of more bytes than a photo needs."""
    return Refused("photo_too_large", "This photo is larger than 10 MB. Send a smaller one.", status=413)


def _refused(why: bytes) -> Refused:
    code, sentence = _NO[why]
    return Refused(code, sentence, status=422)

"""Photos of strangers: what is kept is the picture and nothing else, and what is none ends in a sentence."""

from io import BytesIO

import pytest
from PIL import Image

from config import pictures as made
from config.errors import Refused
from people.readers import photos
from tests.people import pictures


def opened(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


async def test_a_photo_is_turned_upright_and_written_anew_without_what_it_carried() -> None:
    files = await photos.read(pictures.sideways() + pictures.PAGE)

    large, small = opened(files.large), opened(files.small)
    assert (large.format, large.size, small.size) == ("WEBP", (320, 640), (192, 192))
    assert large.getexif() == {}
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(large.info)
    red, _, blue = large.convert("RGB").getpixel((160, 100))  # type: ignore[misc]
    assert red > blue
    for secret in (pictures.PLACE, b"<script>"):
        assert secret not in files.large + files.small


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("large", pictures.photo((3000, 2000))),
        ("see-through", pictures.photo((300, 300), "PNG", "RGBA")),
        ("for print", pictures.photo((300, 300), "JPEG", "CMYK")),
        ("grey", pictures.photo((300, 300), "PNG", "L")),
        ("palette", pictures.photo((300, 300), "PNG", "P")),
        ("webp", pictures.photo((160, 900), "WEBP")),
    ],
)
async def test_what_is_a_photo_is_taken(name: str, given: bytes) -> None:
    files = await photos.read(given)

    large = opened(files.large)
    assert (large.mode, max(large.size) <= made.LARGE) == ("RGB", True), name
    assert len(files.large) + len(files.small) < 200_000


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (b"", "photo_missing"),
        (b"\x00" * 5000, "photo_not_a_picture"),
        (pictures.SVG, "photo_not_a_picture"),
        (pictures.PAGE, "photo_not_a_picture"),
        (pictures.photo((300, 300), "GIF", "P"), "photo_not_a_picture"),
        (pictures.photo((300, 300), "BMP"), "photo_not_a_picture"),
        (pictures.photo((300, 300), "TIFF"), "photo_not_a_picture"),
        (pictures.photo()[:400], "photo_damaged"),
        (pictures.photo((640, 480), "PNG")[:-40], "photo_damaged"),
        (pictures.moving(), "photo_moves"),
        (pictures.bomb(), "photo_too_many_pixels"),
        (pictures.photo((159, 400)), "photo_too_small"),
        (pictures.photo() + bytes(photos.LARGEST), "photo_too_large"),
    ],
)
async def test_what_is_none_ends_in_a_sentence(given: bytes, code: str) -> None:
    with pytest.raises(Refused) as no:
        await photos.read(given)

    assert (no.value.code, no.value.status) == (code, 413 if code == "photo_too_large" else 422)
    assert no.value.sentence.endswith(".")


async def test_a_picture_that_lies_about_its_size_takes_no_more_than_it_may() -> None:
    files = await photos.read(pictures.lying())

    assert opened(files.large).size == (200, 200)

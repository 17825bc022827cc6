"""What people bring under an image's suffix: read, or refused with one reason."""

from __future__ import annotations

import struct
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import DamagedError, Problem, decode_image
from irfer_bench.data.image_files import find_fault

GREY = Image.linear_gradient("L").resize((8, 6))


def saved(kind: str, *images: Image.Image, **options: object) -> bytes:
    """The bytes of one file that holds the images."""
    stream, rest = BytesIO(), list(images[1:])
    more = {"save_all": True, "append_images": rest} if rest else {}
    images[0].save(stream, kind, **more, **options)
    return stream.getvalue()


def refused(path: Path) -> str:
    """The reason, which `data check` and `prepare` give alike."""
    fault = find_fault(path)
    with pytest.raises(DamagedError) as found:
        decode_image(path, "a.png")
    assert found.value.message == f"a.png cannot be decoded ({fault})"
    assert str(path.parent) not in fault
    return fault


FILES = {
    "eps": (saved("EPS", GREY), "it is an EPS drawing"),
    "eps of a preview": (b"\xc5\xd0\xd3\xc6" + bytes(40), "it is an EPS drawing"),
    "gif": (saved("GIF", GREY), "it is a GIF"),
    "dds": (saved("DDS", GREY), "it is a DDS texture"),
    "pdf": (saved("PDF", GREY), "it is a PDF"),
    "heic": (b"\x00\x00\x00\x18ftypheic" + bytes(20), "it is a HEIC file"),
    "avif": (b"\x00\x00\x00\x20ftypavif" + bytes(20), "it is an AVIF file"),
    "jpeg 2000": (b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(20), "it is a JPEG 2000 file"),
    "video": (b"\x00\x00\x00\x20ftypisom" + bytes(20), "it is a video"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    "html": (b"<html>not found</html>", "it is no image"),
    "one byte": (b"\x89", "it is no image"),
    "tiff stack": (saved("TIFF", GREY, GREY, GREY), "it is a stack of 3 images"),
    "animated webp": (saved("WEBP", GREY, GREY.rotate(90)), "an animation of 2 images"),
    "animated png": (saved("PNG", GREY, GREY.rotate(90)), "an animation of 2 images"),
    "float tiff": (saved("TIFF", GREY.convert("F")), "floating-point images have no agreed range"),
    "int32 tiff": (
        saved("TIFF", Image.fromarray(np.full((4, 4), 1 << 20, np.int32))),
        "its values need more than sixteen bits",
    ),
    "negative tiff": (
        saved("TIFF", Image.fromarray(np.full((4, 4), -3, np.int32))),
        "its values need more than sixteen bits",
    ),
    "cut png": (saved("PNG", Image.effect_noise((90, 90), 99))[:2000], "truncated"),
    "more pixels than fit": (
        saved("BMP", GREY).replace(*(
            struct.pack("<iiii", 40, *GREY.size, 0)[:4] + struct.pack("<ii", *size)
            for size in (GREY.size, (10_000, 9_001)))),
        "it says that it has 10000 x 9001 pixels",
    ),
    "tiff of an unknown compression": (
        saved("TIFF", GREY).replace(b"\x03\x01\x03\x00\x01\x00\x00\x00\x01\x00",
                                    b"\x03\x01\x03\x00\x01\x00\x00\x00\x99\x99"),
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_what_is_not_one_image_is_refused_with_its_reason(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*words: object, **more: object) -> None:
        raise AssertionError(f"a program was started: {words}")

    monkeypatch.setattr(subprocess, "Popen", started)
    content, says = FILES[name]
    (tmp_path / "a.png").write_bytes(content)
    assert says in refused(tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_kept(tmp_path: Path, kind: str) -> None:
    deep = (np.arange(12, dtype=np.uint16) * 5000).reshape(3, 4)
    path = tmp_path / "a.png"
    Image.fromarray(deep).save(path, kind)
    assert find_fault(path) == ""
    assert (decode_image(path, "a") == deep[..., None]).all()


def test_int32_within_sixteen_bits_is_read_as_such(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 40000, np.int32)).save(tmp_path / "a.tiff")
    assert find_fault(tmp_path / "a.tiff") == ""
    assert decode_image(tmp_path / "a.tiff", "a").dtype == np.uint16


def test_a_jpeg_under_another_suffix_and_a_telephones_mpo_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(saved("JPEG", GREY))
    (tmp_path / "b.jpg").write_bytes(saved("MPO", GREY, GREY.resize((4, 3))))
    for name in ("a.png", "b.jpg"):
        assert find_fault(tmp_path / name) == ""
        assert decode_image(tmp_path / name, name).shape == (6, 8, 3)


def test_a_tiff_with_a_smaller_version_of_its_image_is_read(tmp_path: Path) -> None:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    small = ImageFileDirectory_v2()
    small[254] = 1
    preview = GREY.resize((4, 3))
    preview.encoderinfo = {"tiffinfo": small}  # type: ignore[attr-defined]
    GREY.save(tmp_path / "a.tiff", save_all=True, append_images=[preview])
    assert find_fault(tmp_path / "a.tiff") == ""
    assert decode_image(tmp_path / "a.tiff", "a").shape == (6, 8, 3)


@pytest.mark.parametrize("kind", ["BMP", "JPEG", "PNG", "PPM", "TIFF", "WEBP"])
def test_ruins_of_every_format_are_refused_or_read_and_never_anything_else(
    tmp_path: Path, kind: str
) -> None:
    whole, path = bytearray(saved(kind, GREY)), tmp_path / "a.png"
    rng = np.random.default_rng(0)
    for _ in range(60):
        ruined = bytearray(whole)
        for place in rng.integers(0, min(len(whole), 200), 3):
            ruined[place] = int(rng.integers(0, 256))
        path.write_bytes(ruined[: int(rng.integers(1, len(whole) + 1))])
        fault = find_fault(path)
        if fault:
            with pytest.raises(DamagedError):
                decode_image(path, "a.png")


def test_check_gives_the_reason(tmp_path: Path) -> None:
    from irfer_bench.api import Item
    from irfer_bench.data.verification import damaged_files
    from irfer_datasets.folder.dataset import Folder

    (tmp_path / "a.png").write_bytes(FILES["eps"][0])
    item = Item("nir_1", "anger", None, "nir", ("a.png",))
    (found,) = damaged_files(Folder(), tmp_path, [item])
    assert found == Problem("damaged", "a.png", found.action)
    assert "it is an EPS drawing" in found.action and "a run that needs it stops" in found.action

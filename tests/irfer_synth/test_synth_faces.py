"""The renderer: what a user of the images and landmarks relies on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from irfer_bench.api import BASIC, CLASSES
from irfer_synth.expression import FACS, prototype
from irfer_synth.faces import draw_moments, render, render_identity_range
from irfer_synth.identity import BENCHMARK, EXTRA, PRETRAIN, draw_identities

CAMERAS = ("vis", "nir", "lwir", "dark")
GOLDEN = Path(__file__).with_name("golden_faces.json")
LEFT_EYE, RIGHT_EYE, LIPS, INNER_TOP, INNER_LOW = (
    range(36, 42),
    range(42, 48),
    range(48, 60),
    62,
    66,
)


def moments(labels, people=range(1, 41)):
    """Every person with every label, people outer."""
    return draw_moments([n for n in people for _ in labels], list(labels) * len(people), BENCHMARK)


def blocks(image):
    """Mean grey of 8 by 8 blocks."""
    return image.astype(np.float64).mean(-1).reshape(8, 8, 8, 8).mean((1, 3))


def draw_golden():
    """What golden_faces.json holds; written by `python tests/irfer_synth/test_synth_faces.py`."""
    some = draw_moments([1, 2, 118], ["fear", "happiness", "disgust"], BENCHMARK)
    return {
        camera: {
            "blocks": [np.round(blocks(p), 2).tolist() for p in render(some, camera)[0]],
            "landmarks": np.round(render(some, camera)[1][:, ::9], 3).tolist(),
        }
        for camera in CAMERAS
    }


def test_images_are_those_of_every_other_machine():
    golden, now = json.loads(GOLDEN.read_text()), draw_golden()
    for camera in CAMERAS:
        for what, tolerance in (("blocks", 0.3), ("landmarks", 0.01)):
            np.testing.assert_allclose(now[camera][what], golden[camera][what], atol=tolerance)


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_image_does_not_depend_on_its_batch(camera):
    many = moments(BASIC, range(1, 9))
    together, marks = render(many, camera)
    for k in (0, 33, 47):
        alone, mark = render(many.take([k]), camera)
        assert np.array_equal(alone[0], together[k])
        assert np.array_equal(mark[0], marks[k])


def test_partners_show_the_same_moment():
    some = moments(BASIC, range(1, 4))
    marks = [render(some, camera)[1] for camera in CAMERAS]
    assert all(np.array_equal(marks[0], other) for other in marks[1:])


def test_infrared_images_are_grey():
    some = moments(("anger",), range(1, 4))
    for camera in ("nir", "lwir"):
        image = render(some, camera)[0]
        assert np.array_equal(image[..., 0], image[..., 1])
        assert np.array_equal(image[..., 0], image[..., 2])
    assert not np.array_equal(*(render(some, "vis")[0][..., c] for c in (0, 2)))


def test_landmarks_are_in_the_ibug_order():
    marks = render(moments(CLASSES), "vis")[1]
    x, y = marks[..., 0], marks[..., 1]
    assert (x[:, 0] < x[:, 16]).all()
    assert (y[:, 8:9] >= y[:, 0:17]).all(1).mean() > 0.9, "8 is the chin"
    assert (y[:, 17:27].mean(1) < y[:, 36:48].mean(1)).all(), "brows above eyes"
    assert (y[:, 27] < y[:, 30]).all(), "the bridge runs down"
    assert (y[:, 36:48].mean(1) < y[:, 33]).all()
    assert (y[:, 33] < y[:, 48:68].mean(1)).all(), "mouth below the nose"
    assert (x[:, 36] < x[:, 39]).all(), "right eye, outer to inner corner"
    assert (x[:, 42] < x[:, 45]).all()
    assert (x[:, 48] < x[:, 54]).all()
    assert (y[:, 51] < y[:, 57]).all()
    assert (marks > 0).mean() > 0.97
    assert (marks < 64).mean() > 0.97


def test_landmarks_lie_on_what_they_name():
    plain = moments(("surprise",))
    plain = plain.take(np.flatnonzero(plain.who.glasses == 0))
    images, marks = render(plain, "nir", 128)
    skin = _patch(images, (marks[:, 30] + 2 * marks[:, 48] + 2 * marks[:, 2]) / 5)
    for eye in (LEFT_EYE, RIGHT_EYE):
        iris = _patch(images, marks[:, eye].mean(1))
        assert np.median(iris / skin) < 0.6


def test_landmarks_follow_the_expression():
    def measured(label, what):
        return what(render(moments((label,)), "vis")[1]).mean()

    def mouth(m):
        return m[:, INNER_LOW, 1] - m[:, INNER_TOP, 1]

    def smile(m):
        return m[:, [51, 57], 1].mean(1) - m[:, [48, 54], 1].mean(1)

    def brow(m):
        return m[:, [39, 42], 1].mean(1) - m[:, [21, 22], 1].mean(1)

    assert measured("surprise", mouth) > measured("neutral", mouth) + 2
    assert measured("happiness", smile) > measured("neutral", smile) + 1.5
    assert measured("sadness", smile) < measured("neutral", smile) - 1.5
    assert measured("anger", brow) < measured("neutral", brow) - 1
    assert measured("fear", brow) > measured("neutral", brow) + 0.3


def _patch(images, at):
    """(N,) mean grey of 3 by 3 pixels around points."""
    rows, columns = (
        np.clip(np.floor(at[:, k]).astype(int), 1, images.shape[1] - 2) for k in (1, 0)
    )
    grey = images.astype(np.float64).mean(-1)
    return np.array(
        [
            g[r - 1 : r + 2, c - 1 : c + 2].mean()
            for g, r, c in zip(grey, rows, columns, strict=True)
        ]
    )


def test_cameras_differ_as_described():
    plain = moments(("neutral",), range(1, 61))
    plain = plain.take(np.flatnonzero((plain.who.glasses == 0) & (plain.who.beard == 0)))
    shot = {c: render(plain, c, 128) for c in CAMERAS}
    marks = shot["vis"][1]
    cheek = (marks[:, 30] + 2 * marks[:, 48] + 2 * marks[:, 2]) / 5
    lower_lip = marks[:, 57] * 0.6 + marks[:, 66] * 0.4
    value = {
        name: {c: _patch(shot[c][0], at) for c in CAMERAS}
        for name, at in (
            ("cheek", cheek),
            ("lip", lower_lip),
            ("nose", marks[:, 33] * [1, 1] - [0, 6]),
        )
    }
    dark = plain.who.melanin > 0.45
    assert (value["cheek"]["nir"] > value["cheek"]["vis"])[dark].mean() > 0.9, "skin is bright"
    spread = {c: value["cheek"][c].std() / value["cheek"][c].mean() for c in ("vis", "nir")}
    assert spread["nir"] < spread["vis"] / 2, "and even"
    red = shot["vis"][0][..., 0].mean() - shot["vis"][0][..., 2].mean()
    assert red > 5
    paleness = {c: np.median(value["lip"][c] / value["cheek"][c]) for c in ("vis", "nir")}
    assert paleness["nir"] > paleness["vis"] + 0.05, "lips are pale"
    assert np.median(value["nose"]["lwir"] / value["cheek"]["lwir"]) < 0.9, "the nose is cold"
    corner = shot["nir"][0][:, :12, :8].mean()
    assert corner < 40 < value["cheek"]["nir"].mean(), "bright face over a dark ground"


def test_thermal_is_blurred_and_the_dark_is_noisy():
    some = moments(("anger",), range(1, 13))

    def roughness(camera):
        p = render(some, camera)[0].astype(np.float64).mean(-1)
        return np.abs(p[:, :, 2:] - 2 * p[:, :, 1:-1] + p[:, :, :-2]).mean() / p.mean()

    assert roughness("lwir") < roughness("nir") / 1.5
    assert roughness("dark") > 2 * roughness("vis")
    assert render(some, "dark")[0].mean() < 0.5 * render(some, "vis")[0].mean()


def test_every_other_class_is_a_blend_of_units():
    for label in CLASSES:
        assert prototype(label).shape == (len(FACS),)
    assert not prototype("neutral").any()
    assert (
        np.linalg.norm(prototype("anxiety") - 0.6 * prototype("fear") - 0.3 * prototype("sadness"))
        < 1e-9
    )


def test_populations_are_different_people():
    everyone = np.concatenate(
        [
            np.stack(
                [
                    getattr(draw_identities(range(1, 200), p), f)
                    for f in ("face_width", "jaw", "melanin")
                ],
                1,
            )
            for p in (BENCHMARK, EXTRA, PRETRAIN)
        ]
    )
    assert len(np.unique(everyone, axis=0)) == len(everyone)


def test_other_people_come_with_facts_for_captions():
    images, facts = render_identity_range(5, 8, labels=("anger", "neutral"))
    assert images.shape == (6, 64, 64, 3)
    assert images.dtype == np.uint8
    assert [f["expression"] for f in facts] == ["anger", "neutral"] * 3
    assert facts[0]["intensity"] > 0.5
    assert facts[1]["intensity"] == 0
    again = render_identity_range(6, 8, labels=("anger", "neutral"))[0]
    assert np.array_equal(again, images[2:]), "people do not depend on the range"
    other = render_identity_range(5, 8, labels=("anger", "neutral"), take=1)[0]
    assert not np.array_equal(other, images)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(draw_golden()) + "\n")

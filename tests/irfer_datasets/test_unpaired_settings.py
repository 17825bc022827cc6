"""What needs pairs is refused, when the plan is made, where a setting has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from irfer_bench.cli import main
from tests.conformance.sample_trees import SAMPLES


@pytest.mark.parametrize("translator", ["nfer_sde", "oracle"])
def test_dark_light_has_no_pairs(
    translator: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    SAMPLES["oulu_casia"](tmp_path / "oulu")
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    words = ["plan", "-d", "oulu_casia", "--data-root", str(tmp_path / "oulu"), "--preset", "quick"]
    code = main([*words, "-s", "oulu_dark_weak5", "-t", translator, "-r", "pca"])
    told = capsys.readouterr().err.strip().splitlines()
    assert code == 2
    assert len(told) == 1
    assert f"translator '{translator}'" in told[0]
    assert "oulu_dark_weak5 has none" in told[0]


def test_a_translator_without_pairs_is_welcome_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    SAMPLES["oulu_casia"](tmp_path / "oulu")
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    root = str(tmp_path / "oulu")
    words = ["plan", "--steps", "-d", "oulu_casia", "--data-root", root, "--preset", "quick"]
    for translator in ("histmatch", "nfer_sde@baseline"):
        assert main([*words, "-s", "oulu_dark_weak5", "-t", translator, "-r", "pca"]) == 0
    assert "fit nfer_sde@baseline" in capsys.readouterr().out

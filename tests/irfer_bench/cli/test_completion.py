"""Shell completion: commands, options and the names of what is installed."""

from __future__ import annotations

import shutil
import subprocess

import pytest

ASK = """
COMP_WORDS=({words}); COMP_CWORD={place}; _shtab_irfer_bench; echo "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def complete(bench):
    """What bash offers for the last of some words."""
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    code, script, _ = bench.call("completion", "bash")
    assert code == 0
    path = bench.folder / "complete.bash"
    path.write_text(script)

    def offered(*words: str) -> list[str]:
        ask = ASK.format(words=" ".join(words), place=len(words) - 1)
        done = subprocess.run(
            ["bash", "-c", f"source {path}\n{ask}"], capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    return offered


def test_bash_completes_commands_options_and_installed_names(complete):
    assert complete("irfer-bench", "lea") == ["leaderboard"]
    assert complete("irfer-bench", "run", "--transl") == ["--translator"]
    assert "toy_shift" in complete("irfer-bench", "run", "-t", "toy_s")
    assert complete("irfer-bench", "plan", "--preset", "b") == ["bench"]
    assert "toy_weak" in complete("irfer-bench", "show", "toy_w")
    assert "export" in complete("irfer-bench", "data", "ex")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script(bench, shell):
    code, script, _ = bench.call("completion", shell)
    assert code == 0
    for word in ("leaderboard", "translator", "nfer_sde"):
        assert word in script


def test_an_unknown_shell_is_refused(bench):
    code, _, err = bench.call("completion", "tcl")
    assert code == 2
    assert "invalid choice" in err


def test_the_parsers_of_commands_keep_their_own_choices(bench):
    """Names are offered, never required: a third-party name may be unknown to the script."""
    bench.call("completion", "bash")
    assert bench.call("plan", "-d", "toy", "-t", "toy_raw", "-r", "toy_means")[0] == 0
    assert "did you mean" in bench.call("plan", "-t", "nfer_sd")[2]

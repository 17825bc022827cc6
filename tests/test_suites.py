"""The suites in leaderboards/ plan on a bare machine and name rows that they have."""

from __future__ import annotations

from pathlib import Path

import pytest

import irfer_bench as ib
from irfer_bench.engine.results import describe_cell
from irfer_bench.errors import UsageError
from irfer_bench.experiment.ablation import read_ablation
from irfer_bench.experiment.published import read_published
from irfer_bench.experiment.request import read_suite
from irfer_bench.registry import load
from irfer_bench.store.published import (
    published_board,
    published_folder,
    published_settings,
    read_values,
)

BOARDS = Path(__file__).parents[1] / "leaderboards"
EVERY = sorted((BOARDS / "suites").glob("*.toml"))
SUITES = [path for path in EVERY if path.stem.startswith("nfer_sde_table")]
EMBEDDED = {
    "pca": ("synth_lwir_weak5", "synth_nir_weak5", "synth_dark_weak5"),
    "mpa_fer": ("synth_nir_supervised",),
    "mpa_fer_supp_table3": ("synth_vis_to_nir",),
    "few_shot": ("synth_nir_shots16",),
    "mma_dfer": ("synth_av7_supervised",),
}
"""Settings of the embedded benchmark by suite, or by how the suites' names begin."""
EMBEDDED_PARAMS = {"mpa_fer_main": {"mpa_fer": {"backbone": "mini"}}}
"""Parameters of suites whose rows name weights that are not shipped, as their comments say."""
TWELVE_BLOCKS = "mma_dfer_table7"
"""A suite for encoders of twelve blocks; the embedded ones have six."""


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without data, finished steps and weights but the names of the mini encoders."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path))
    monkeypatch.setenv("IRFER_BENCH_WEIGHTS", str(tmp_path))
    for name in ("mini_mae_face.safetensors", "mini_mae_audio.safetensors"):
        (tmp_path / name).write_bytes(b"a plan takes its digest alone")


def test_every_translator_of_table_1_stands_beside_its_printed_values() -> None:
    path = BOARDS / "every_translator.toml"
    published, table1 = read_published(path), read_published(BOARDS / "suites/nfer_sde_table1.toml")
    assert published is not None and table1 is not None
    requests = read_suite(path)
    names = set(requests[0].translators)
    assert set(published.metrics) >= {"accuracy", "lpips", "psnr_as255"}
    assert all(published.find(name, metric) for name in names for metric in published.metrics)
    assert {value.method for value in table1.values} == {
        published.rows.get(name, name) for name in names
    }
    assert {request.preset for request in requests} == {"quick"}


@pytest.mark.usefixtures("bare")
def test_every_translator_and_variant_of_sampling_is_in_one_suite() -> None:
    """Plain ones stand beside the others in each setting; oracle where there are partners."""
    plan = ib.plan(suite=BOARDS / "every_translator.toml").plan
    assert not plan.refusals
    rows: dict[str, set[str]] = {}
    for planned in plan.cells:
        rows.setdefault(planned.cell.setting.name, set()).add(planned.cell.row[1])
    announced = {component.name for component in load().components("translator")}
    others = announced - {"none", "oracle", "hifacegan"}
    misaligned = rows.pop("synth_nir_misaligned")
    assert misaligned > {"nfer_sde@cond", "nfer_sde@cond_h", "nfer_sde@cond_f", "nfer_sde"}
    assert all(names >= others for names in rows.values())
    assert all("oracle" in names for name, names in rows.items() if "augmented" not in name)
    assert "none" in rows["synth_nir_augmented"]
    assert rows["synth_nir_quality"] >= {
        "ilvr@official", "t2v_ddpm@fast", "nfer_sde@ddim25", "nfer_sde@dpmpp25", "nfer_sde@unipc25",
    }  # fmt: skip
    assert f"{len(plan.cells)} cells" in (BOARDS / "README.md").read_text(encoding="utf-8")


def test_every_dynamic_recognizer_stands_beside_tables_3_to_5() -> None:
    path = BOARDS / "every_dynamic.toml"
    published, requests = read_published(path), read_suite(path)
    assert published is not None
    tables = [read_published(BOARDS / f"suites/mma_dfer_table{k}.toml") for k in (3, 4, 5)]
    printed = {v.value for table in tables if table is not None for v in table.values}
    shown = {
        found.value
        for row in published.rows
        for metric in published.metrics
        if (found := published.find("none", metric, row)) is not None
    }
    assert shown == printed
    named = {name.partition("@")[0] for request in requests for name in request.recognizers}
    recognizers = load().components("recognizer")
    of_video = {c.name for c in recognizers if c.factory.startswith("irfer_dynamic")}
    assert of_video | {"dfer_clip", "clip_frame_mean"} <= named
    assert {request.preset for request in requests} == {"quick"}


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
@pytest.mark.parametrize("setting", ["synth_nir_augmented", "synth_lwir_augmented"])
def test_a_papers_table_plans_on_the_embedded_benchmark(
    suite: Path, setting: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every translator, all five folds, the quick preset, and no weights that are not shipped."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path))
    monkeypatch.setenv("IRFER_BENCH_WEIGHTS", str(tmp_path))
    plan = ib.plan(suite=suite, settings=setting).plan
    cells = [describe_cell(planned.cell) for planned in plan.cells]
    (request,) = read_suite(suite)
    asked = {(name, fold) for name in request.translators for fold in range(1, 6)}
    assert {(cell.translator, cell.fold) for cell in cells} == asked
    assert {(cell.setting, cell.preset) for cell in cells} == {(setting, "quick")}
    assert not plan.refusals


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
def test_a_papers_table_has_every_printed_value_in_a_row_of_its_suite(suite: Path) -> None:
    published = read_published(suite)
    assert published is not None
    (request,) = read_suite(suite)
    shown = [
        found
        for translator in request.translators
        for metric in published.metrics
        if (found := published.find(translator, metric)) is not None
    ]
    assert len(shown) == len(published.values), "each value once"
    assert set(shown) == set(published.values)


@pytest.mark.parametrize("table", [1, 3])
def test_oulu_casias_tables_take_all_illuminations_and_name_strong_light(table: int) -> None:
    """The paper does not say which: all by default, with each metric by illumination."""
    path = BOARDS / f"suites/nfer_sde_table{table}.toml"
    (request,) = read_suite(path)
    (setting,) = (load().setting(name) for name in request.settings)
    assert setting.dataset == "oulu_casia" and setting.source is not None
    assert setting.source.lightings == setting.target.lightings == ()
    assert "-s oulu_nir_augmented is strong light" in path.read_text(encoding="utf-8")


def embedded(suite: Path) -> tuple[str, ...]:
    """Settings of the embedded benchmark on which a suite can be run."""
    (request, *_) = read_suite(suite)
    own = tuple(name for name in request.settings if name.startswith("synth_"))
    begin = max((name for name in EMBEDDED if suite.stem.startswith(name)), key=len, default="")
    return own or EMBEDDED[begin]


UNLABELLED = "learns from target images without labels"
"""Why rows of PDA and of pseudo-labels are refused where all of a suite's are asked for in one
`weak` setting."""


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    "suite",
    [path for path in EVERY if path not in SUITES and path.stem != TWELVE_BLOCKS],
    ids=lambda path: path.stem,
)
def test_a_suite_plans_on_the_embedded_benchmark_and_names_rows_that_it_has(suite: Path) -> None:
    """One fold and seed of every row, the quick preset, and no weights that are not shipped."""
    settings = embedded(suite)
    plan = ib.plan(
        suite=suite, settings=settings, preset="quick", folds=1, seeds=[0],
        params=EMBEDDED_PARAMS.get(suite.stem),
    ).plan  # fmt: skip
    assert all(UNLABELLED in str(refusal) for refusal in plan.refusals)
    assert {planned.cell.setting.name for planned in plan.cells} == set(settings)
    rows = {name for planned in plan.cells for name in planned.cell.row[1:]}
    ablation, published = read_ablation(suite), read_published(suite)
    if ablation is not None:
        assert ablation.full in rows
        assert len(rows) > 2, "a translator, the full method and something to compare"
    if published is not None:
        fields = {
            cell.recognizer.name: set(type(cell.recognizer.params).__struct_fields__)
            for cell in (planned.cell for planned in plan.cells)
            if cell.recognizer is not None
        }
        for name in published.rows:  # other values than quick's defaults are named otherwise
            base, _, given = name.partition(" (")
            changed = {part.partition("=")[0] for part in given.rstrip(")").split(", ") if part}
            assert changed <= fields[base], name
        assert set(published.rows) & rows
        if ablation is not None and ";" not in published.source:
            assert set(published.rows.values()) == {value.method for value in published.values}
    for request in read_suite(suite):
        for name in request.settings:
            load().setting(name)


@pytest.mark.usefixtures("bare")
def test_the_larger_tower_of_mpa_fer_stands_beside_its_printed_value(tmp_path: Path) -> None:
    suite = BOARDS / "suites/mpa_fer_main.toml"
    (tmp_path / "ViT-L-14-quickgelu-openai.safetensors").write_bytes(b"a plan takes its digest")
    plan = ib.plan(suite=suite, settings="synth_nir_supervised", preset="quick", folds=1).plan
    published = read_published(suite)
    assert published is not None
    assert set(published.rows) <= {planned.cell.row[-1] for planned in plan.cells}


def test_coop_trains_longer_on_more_images() -> None:
    """The epochs of CoOp's protocol, one run for each number of images."""
    coop = {
        request.settings: request.params["coop"]["epochs"]
        for request in read_suite(BOARDS / "suites/few_shot.toml")
        if "coop" in request.recognizers
    }
    epochs = {1: 50, 2: 100, 4: 100, 8: 200, 16: 200}
    assert coop == {(f"raf_db_shots{n}",): most for n, most in epochs.items()}


@pytest.mark.usefixtures("bare")
def test_rows_of_pseudo_labels_are_planned_where_unlabelled_images_are_granted() -> None:
    plan = ib.plan(suite=BOARDS / "suites/pca_shots.toml", folds=1, seeds=[0]).plan
    rows = {planned.cell.row[-1] for planned in plan.cells
            if planned.cell.setting.name == "synth_nir_uda"}  # fmt: skip
    assert rows == {"pda", "pca (target_bank=pseudo)"}
    assert not plan.refusals


@pytest.mark.usefixtures("bare")
def test_updates_that_the_embedded_encoders_cannot_have_are_refused_when_planning() -> None:
    suite = BOARDS / f"suites/{TWELVE_BLOCKS}.toml"
    with pytest.raises(UsageError, match="updates must divide the encoders' 6 blocks"):
        ib.plan(suite=suite, settings="synth_av7_supervised", preset="quick")
    published = read_published(suite)
    assert published is not None
    assert set(published.rows.values()) == {value.method for value in published.values}


def test_every_printed_recognizer_stands_on_a_board_or_in_a_suite() -> None:
    """Nothing in the file is out of sight, and every board's setting and metrics are there."""
    every = set(read_values(published_folder() / "recognizers.csv"))
    boards = [published_board(name) for name in published_settings()]
    for board in boards:
        assert board is not None and board.values
        assert set(board.metrics) <= set(load().setting(board.setting).metrics)
    shown = {value for board in boards if board for value in board.values}
    for suite in EVERY:
        published = read_published(suite)
        shown |= set(published.values) if published else set()
    assert every <= shown


def test_nothing_is_printed_of_pca_whose_numbers_are_not_public() -> None:
    every = read_values(published_folder() / "recognizers.csv")
    assert not [value for value in every if "pca" in value.method.casefold().split()]
    assert all(read_published(path) is None for path in EVERY if path.stem.startswith("pca"))

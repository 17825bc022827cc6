"""Explanations of a fitted recognizer: its features, what a prediction rests on, learned words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.explanations import Regions
from irfer_bench.contracts.interfaces import Embedder, Explainer, PlainEmbedder, WordExplainer
from irfer_bench.contracts.values import Clip, ScoreInputs
from irfer_bench.data.clips import ClipView
from irfer_bench.data.subsets import match_pairs
from irfer_bench.engine.context import StepContext
from irfer_bench.errors import ContractError, MissingError, UnavailableError, UsageError
from irfer_bench.orchestration.grids import inputs_of, view_of
from irfer_bench.orchestration.loading import load_method
from irfer_bench.orchestration.prediction.ready import ReadyRecognizer
from irfer_bench.orchestration.prediction.rules import rules_of_setting
from irfer_bench.orchestration.prediction.shown import gather_evidence
from irfer_bench.orchestration.reporter import SilentReporter, quiet_stdout
from irfer_bench.orchestration.session import Session
from irfer_bench.render.figures.domains import FeatureMap, draw_domains
from irfer_bench.render.figures.evidence import draw_evidence
from irfer_bench.render.figures.regions import ExplainedFace, draw_regions, draw_words
from irfer_bench.render.figures.titles import describe_cell
from irfer_bench.render.images import make_private, pick_test
from irfer_bench.render.numbers import number
from irfer_bench.store.files import clear_write_errors, read_json
from irfer_bench.store.records import Record

MOST = 400
"""Clips of a domain in a map of features."""
FROZEN = "features of the frozen encoder"
SEED = 0
"""Of the choice of clips and of t-SNE."""


def explain_record(
    record: Record, path: Path, folder: Path, allowed: Sequence[str]
) -> list[Path]:
    """Draw what the record's recognizer can tell of itself, and its features.

    Args:
        path: the record's file. folder: where figures go; with people's faces, `folder/faces`.
        allowed: datasets of people whose faces may be drawn.

    Raises:
        UsageError: there is no recognizer. MissingError: the store no longer holds it, or it
            tells nothing.
    """
    if record.recognizer is None:
        raise UsageError(f"{path} has no recognizer to explain")
    session = Session.open(SilentReporter())
    with quiet_stdout(), clear_write_errors(folder):
        device = record.machine.device or "cpu"
        setting = session.registry.setting(record.cell.setting)
        images = msgspec.structs.replace(rules_of_setting(setting), classes=tuple(record.classes))
        loaded = load_method(session, record, "recognizer", device, {})
        recognizer = ReadyRecognizer(*loaded, images)
        own = _Explanation(record, session, recognizer, folder, path.stem, allowed)
        written = [each for draw in (own.maps, own.words, own.clips) for each in draw()]
    if not written:
        raise MissingError(
            f"{record.recognizer.name} gives neither features nor explanations",
            "a recognizer that has embed, explain or explain_words is explained",
        )
    return written


@dataclass(frozen=True)
class _Explanation:
    record: Record
    session: Session
    ready: ReadyRecognizer
    folder: Path
    stem: str
    allowed: Sequence[str]

    @property
    def recognizer(self) -> Any:
        return self.ready.instance

    @cached_property
    def context(self) -> StepContext:
        return self.ready.context()

    def maps(self) -> list[Path]:
        """t-SNE of features of the test clips, by class and domain, before and after training."""
        if not isinstance(self.recognizer, Embedder):
            return []
        views = self._domains()
        labels = [label or "" for view in views.values() for label in view.labels]
        domains = [name for name, view in views.items() for _ in range(len(view))]
        found: dict[str, Callable[[Any, Any], Any]] = {}
        if isinstance(self.recognizer, PlainEmbedder):
            found[FROZEN] = self.recognizer.embed_plain
        found["features after training"] = self.recognizer.embed
        maps = []
        for name, embed in found.items():
            features = [np.asarray(embed(view, self.context)) for view in views.values()]
            if any(len(x) != len(v) for x, v in zip(features, views.values(), strict=True)):
                raise ContractError(f"{self.stem}: features are not one row per clip")
            distances = self._distances(features) if len(features) == 2 else {}
            maps.append(FeatureMap(name, _plane(np.concatenate(features)), distances))
        if len(maps) == 2 and np.allclose(maps[0].places, maps[1].places):  # nothing moved them
            maps = maps[:1]
        place = self.folder / f"{self.stem}.features"
        return draw_domains(self.record, maps, labels, domains, place)

    def words(self) -> list[Path]:
        """The words nearest to learned vectors."""
        if not isinstance(self.recognizer, WordExplainer):
            return []
        found = list(self.recognizer.explain_words(self.context))
        place = self.folder / f"{self.stem}.words"
        return draw_words(self.record, found, place) if found else []

    def clips(self) -> list[Path]:
        """Of one test clip per class: regions, on the face where that may be shown, and courses."""
        test = self._domains(everything=True)["test"]
        faces: list[ExplainedFace] = []
        written: list[Path] = []
        for name in self.record.classes:
            own = [i for i, label in enumerate(test.labels) if label == name]
            if not own:
                continue
            clip = test[own[len(own) // 2]]
            regions = self._regions(clip)
            over_time = len(clip.scored_frames()) > 1 or bool(self.ready.courses(clip))
            if not (over_time or regions):
                continue
            predicted = self.record.classes[int(self.ready.predict([clip])[0].argmax())]
            for each in regions:
                image = clip.scored_frames()[each.frame]
                faces.append(ExplainedFace(image, name, predicted, each))
            written += self._courses(name, predicted, clip) if over_time else []
        return written + (self._faces(faces) if faces else [])

    def _regions(self, clip: Clip) -> list[Regions]:
        recognizer = self.recognizer
        if not isinstance(recognizer, Explainer):
            return []
        return [e for e in recognizer.explain(clip, self.context) if isinstance(e, Regions)]

    def _faces(self, faces: Sequence[ExplainedFace]) -> list[Path]:
        name = self.record.cell.dataset
        private = self.session.registry.create(self.session.registry.get("dataset", name)).private
        if private and name not in self.allowed:
            raise UsageError(f"{name} shows people", f"say --allow-faces {name} to draw them")
        folder = make_private(self.folder / "faces", name) if private else self.folder
        return draw_regions(self.record, faces, folder / f"{self.stem}.regions")

    def _courses(self, true: str, predicted: str, clip: Clip) -> list[Path]:
        found = gather_evidence(self.ready, clip)
        if not found.shares:
            return []
        return draw_evidence(
            f"{self.record.row[2]} on {self.record.row[0]}",
            [describe_cell(self.record), f"a clip of {true}, predicted {predicted}"],
            found.times, found.unit, found.shares, self.record.classes,
            self.folder / f"{self.stem}.{true}.evidence",
        )  # fmt: skip

    def _domains(self, *, everything: bool = False) -> Mapping[str, ClipView]:
        """Test clips by domain: translated partners, where there are any, and the target.

        Partners are at the same places. At most `MOST` each, unless `everything`.
        """
        record, store = self.record, self.session.store
        score = next(step.key for step in reversed(record.steps) if step.kind == "score")
        inputs = inputs_of(store, score)["from"]
        predicted = inputs_of(store, inputs["predict"])
        ids = frozenset(read_json(store.folder(inputs["predict"]) / "ids.json"))
        target = view_of(store, predicted["from"]["clips"])
        test = target.pick(i for i, name in enumerate(target.ids) if name in ids)
        if "translated" not in inputs or everything:
            return {"test": test if everything else test.pick(_some(len(test)))}
        made = view_of(store, inputs["translated"])
        if inputs_of(store, inputs["translated"]).get("part") == "all":
            made = pick_test(made, store.folder(inputs["translated"]), record.cell.fold)
        true = view_of(store, inputs["target"])
        pairs = match_pairs(made, true)
        if not pairs:
            return {"test": test.pick(_some(len(test)))}
        chosen = [pairs[k] for k in _some(len(pairs))]
        left = f"visible, {record.row[1]}"
        spectrum = str(true[0].spectrum)
        return {left: made.pick(i for i, _ in chosen), spectrum: true.pick(j for _, j in chosen)}

    def _distances(self, features: Sequence[NDArray[Any]]) -> Mapping[str, str]:
        """Every metric that consumes features alone."""
        return dict(self._measured(features))

    def _measured(self, features: Sequence[NDArray[Any]]) -> Iterator[tuple[str, str]]:
        registry, kept = self.session.registry, {}

        def once(name: str, build: Callable[[], Any]) -> Any:
            if name not in kept:
                kept[name] = build()
            return kept[name]

        none = np.zeros(0, np.int64)
        source, target = features
        inputs = ScoreInputs(
            tuple(self.record.classes), none, None, None, None, None, None, (source, target), once
        )
        for component in registry.components("metric"):
            metric = registry.create(component)
            if metric.consumes != {"features"}:
                continue
            try:
                yield component.name, number(float(metric.compute(inputs)), metric.unit)
            except UnavailableError:
                continue


def _some(count: int) -> list[int]:
    """At most `MOST` positions, evenly drawn by a fixed seed, in order."""
    if count <= MOST:
        return list(range(count))
    return sorted(np.random.default_rng(SEED).choice(count, MOST, replace=False).tolist())


def _plane(features: NDArray[Any]) -> NDArray[np.float64]:
    """(N, 2) by t-SNE (van der Maaten and Hinton, JMLR 2008), started from the first components."""
    from sklearn.manifold import TSNE

    if len(features) < 4:
        return np.pad(features[:, :2].astype(np.float64), ((0, 0), (0, 2)))[:, :2]
    perplexity = min(30.0, (len(features) - 1) / 3)
    made = TSNE(init="pca", perplexity=perplexity, random_state=SEED, n_jobs=1)
    return np.asarray(made.fit_transform(features.astype(np.float64)), np.float64)

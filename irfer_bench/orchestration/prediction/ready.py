"""A recognizer that is ready to label a user's own images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from irfer_bench.contracts.explanations import Course
from irfer_bench.contracts.interfaces import Explainer
from irfer_bench.contracts.values import Clip, Scalar, Scores
from irfer_bench.data.clip_list import GivenClips
from irfer_bench.engine.stages.predict import check_scores
from irfer_bench.errors import plugin_errors
from irfer_bench.experiment.graph import Step
from irfer_bench.experiment.methods import Method
from irfer_bench.orchestration.prediction.rules import ImageRules

if TYPE_CHECKING:
    from irfer_bench.engine.context import StepContext
    from irfer_bench.engine.runner import Runner


@dataclass(frozen=True)
class ReadyRecognizer:
    """A recognizer that can label, the step in whose context it does, and its images' rules.

    Args:
        fitted: by an earlier run, whose preset it keeps.
        reports: what it reported of the clips that were predicted last.
    """

    method: Method
    step: Step
    instance: Any
    runner: Runner
    images: ImageRules
    fitted: bool = False
    reports: dict[str, Scalar] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[str, ...]:
        """The columns of `predict`."""
        return self.images.classes

    def context(self) -> StepContext:
        """The context in which its methods are called."""
        context = self.runner.context(self.step)
        context.set_threads()
        return context

    def predict(self, clips: Sequence[Clip]) -> Scores:
        """(N, classes) float32 log-probabilities.

        Raises:
            ContractError: the recognizer returned something else. CellError: it raised.
        """
        name, context = self.method.name, self.context()
        with plugin_errors(name):
            scores = self.instance.predict(GivenClips(clips), context)
        self.reports.clear()
        self.reports.update(context.reports)
        return check_scores(name, scores, len(clips), len(self.classes))

    def courses(self, clip: Clip) -> Mapping[str, Scores]:
        """What the recognizer itself tells of a clip over time or by modality.

        Raises:
            ContractError: its scores are no log-probabilities.
        """
        recognizer = self.instance
        if not isinstance(recognizer, Explainer):
            return {}
        return {
            each.name: check_scores(self.method.name, each.scores, len(each.scores),
                                    len(self.classes))
            for each in recognizer.explain(clip, self.context())
            if isinstance(each, Course)
        }  # fmt: skip

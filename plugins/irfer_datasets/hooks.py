"""Components of the datasets that users bring."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module

from irfer_bench.api import Component, Setting, hookimpl
from irfer_datasets.expected_trees import TREES

WITH_SETTINGS = (
    "oulu_casia",
    "nvie",
    "large_hfe",
    "cfee",
    "kdef",
    "raf_db",
    "affectnet",
    "ck_plus",
    "ferplus",
    "dfew",
    "ferv39k",
    "mafw",
    "folder",
    "hub",
)
"""Packages whose `settings.py` holds settings; the first of a dataset is its default."""


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """The datasets that users bring, and their settings."""
    for component in _components():
        tree = TREES.get(component.name, "") if component.kind == "dataset" else ""
        yield replace(component, tree=tree) if tree else component


def _components() -> Iterable[Component]:
    yield Component(
        kind="dataset",
        name="oulu_casia",
        factory="irfer_datasets.oulu_casia.dataset:OuluCasia",
        params="irfer_datasets.params:OuluCasiaParams",
        summary="80 subjects, six expressions, near-infrared and visible, three illuminations",
        licence="signed agreement with the University of Oulu (CMVS, oulu.fi); research only",
        source="zhao2011oulu",
    )
    yield Component(
        kind="dataset",
        name="folder",
        factory="irfer_datasets.folder.dataset:Folder",
        params="irfer_datasets.folder.folder_params:FolderParams",
        summary="your own stills and video: <spectrum>/<subject>/<expression>/… or manifest.csv",
        licence="yours; you answer for consent",
    )
    yield Component(
        kind="dataset",
        name="cfee",
        factory="irfer_datasets.cfee.dataset:Cfee",
        summary="230 subjects, visible stills of neutral and the six basic expressions",
        licence="request form at cbcsl.ece.ohio-state.edu/compound.html; research only",
        source="du2014cfee",
    )
    yield Component(
        kind="dataset",
        name="kdef",
        factory="irfer_datasets.kdef.dataset:Kdef",
        summary="70 subjects, seven expressions, five views, two sessions, visible stills",
        licence="non-commercial research, on request at kdef.se; no redistribution",
        source="lundqvist1998kdef",
    )
    yield Component(
        kind="dataset",
        name="nvie",
        factory="irfer_datasets.nvie.dataset:Nvie",
        summary="more than 100 subjects, visible and thermal, spontaneous and posed",
        licence="signed release agreement with USTC (nvie.ustc.edu.cn); research only",
        source="wang2010nvie",
    )
    yield Component(
        kind="dataset",
        name="hub",
        factory="irfer_datasets.hub.dataset:Hub",
        params="irfer_datasets.hub.params:HubParams",
        summary="a Hugging Face dataset: a folder of it, or an id pinned to a commit; any columns",
        licence="its distributor's, whatever the hub's tag says",
        source="lhoest2021datasets",
    )
    yield Component(
        kind="dataset",
        name="raf_db",
        factory="irfer_datasets.raf_db.dataset:RafDb",
        params="irfer_datasets.params:RafDbParams",
        summary="15,339 images from the web, seven expressions, official train and test",
        licence="on request at whdeng.cn/RAF; non-commercial research, no redistribution",
        source="li2017rafdb; li2019rafdb",
    )
    yield Component(
        kind="dataset",
        name="ferplus",
        factory="irfer_datasets.ferplus.dataset:Ferplus",
        summary="31,412 images of FER-2013, eight expressions by ten votes each, official split",
        licence="votes MIT (microsoft/FERPlus); images of FER-2013, no redistribution",
        source="barsoum2016ferplus; goodfellow2013fer",
    )
    yield Component(
        kind="dataset",
        name="large_hfe",
        factory="irfer_datasets.large_hfe.dataset:LargeHfe",
        summary="360 subjects, six expressions, near-infrared and visible",
        licence="not public: ask the authors of NFER-Former; research only",
        source="luo2023nferformer",
    )
    yield Component(
        kind="dataset",
        name="dfew",
        factory="irfer_datasets.dfew.dataset:Dfew",
        params="irfer_datasets.params:DfewParams",
        summary="11,697 videos with audio, seven expressions, visible, official five folds",
        licence="application form at dfew-dataset.github.io; academic use",
        source="jiang2020dfew",
    )
    yield Component(
        kind="dataset",
        name="ferv39k",
        factory="irfer_datasets.ferv39k.dataset:Ferv39k",
        summary="38,935 videos without sound, seven expressions, 22 scenes, official split",
        licence="e-mail to Fudan University (wangyanckxx/FERV39k); non-commercial research",
        source="wang2022ferv39k",
    )
    yield Component(
        kind="dataset",
        name="ck_plus",
        factory="irfer_datasets.ck_plus.dataset:CkPlus",
        summary="123 subjects, 593 posed sequences from neutral to apex, 327 of them labelled",
        licence="signed agreement with the University of Pittsburgh; research only",
        source="lucey2010ckplus",
    )
    for name, classes in (("mafw", "eleven"), ("mafw_compound", "43 compound")):
        yield Component(
            kind="dataset",
            name=name,
            factory=f"irfer_datasets.mafw.dataset:{name.title().replace('_', '')}",
            params="irfer_datasets.params:MafwParams",
            summary=f"videos with audio, {classes} emotions, visible, official five folds",
            licence="EULA at mafw-database.github.io; non-commercial",
            source="liu2022mafw",
        )
    yield Component(
        kind="dataset",
        name="affectnet",
        factory="irfer_datasets.affectnet.dataset:AffectNet",
        params="irfer_datasets.params:AffectNetParams",
        summary="290,000 images from the web, eight expressions, lists of 2017 or crops of 2021",
        licence="on request by faculty at mohammadmahoor.com; research only",
        source="mollahosseini2019affectnet",
    )
    for package in WITH_SETTINGS:
        module = import_module(f"irfer_datasets.{package}.settings")
        for constant, setting in vars(module).items():
            if isinstance(setting, Setting):
                yield Component(
                    kind="setting",
                    name=setting.name,
                    factory=f"{module.__name__}:{constant}",
                    summary=setting.summary,
                )

"""The public names, and what each of them needs: a docstring, an example and annotations."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.validation import has_fit_parameter

import skquickdraw

# If you change this table, write the change into CHANGELOG.md too.
SUBPACKAGES = {
    "app": {"make_server", "serve"},
    "augmentation": {
        "Augmentation",
        "AugmentationPolicy",
        "CutMix",
        "MixUp",
        "Mixing",
        "StrokeAugmentation",
        "resolve_augmentation",
        "resolve_mixing",
    },
    "cli": {"main"},
    "datasets": {
        "MappedFiles",
        "fetch_quickdraw",
        "ladder_counts",
        "load_competition",
        "load_image_folder",
        "load_images",
        "load_quickdraw",
        "make_ladder",
        "make_sketches",
        "pack_strokes",
        "rasterize",
        "unpack_strokes",
    },
    "distillation": {"DistilledClassifier"},
    "ensemble": {"SeedEnsembleClassifier"},
    "exceptions": {
        "DataFileError",
        "DownloadError",
        "FitInterrupted",
        "InvalidImagesError",
        "InvalidParameterError",
        "InvalidTargetsError",
        "MissingDependencyError",
        "OutOfMemoryError",
        "SkquickdrawError",
    },
    "feature_extraction": {"DeepFeatureExtractor"},
    "few_shot": {"PrototypeClassifier", "RelationNetworkClassifier", "TopKReranker"},
    "inspection": {
        "AugmentationDisplay",
        "ComparisonDisplay",
        "ConfusedPairsDisplay",
        "ImageSheetDisplay",
        "PseudoLabelDisplay",
        "RecallByClassSizeDisplay",
        "TrainingHistoryDisplay",
    },
    "losses": {"BalancedSoftmax", "CrossEntropy", "Distillation", "Focal", "LDAM", "Loss"},
    "metrics": {
        "frequency_groups",
        "group_recall_score",
        "imbalance_report",
        "make_group_scorer",
        "per_class_recall",
    },
    "model_selection": {
        "Comparison",
        "LabeledStratifiedKFold",
        "LabeledStratifiedShuffleSplit",
        "compare",
        "find_label_errors",
    },
    "networks": {"CNN", "MobileNetV2", "Network", "RelationNetwork", "ResNet", "fold_batch_norm"},
    "neural_network": {
        "CNNClassifier",
        "ImageClassifier",
        "MobileNetClassifier",
        "ResNetClassifier",
    },
    "over_sampling": {"AugmentingOverSampler"},
    "persistence": {"load_model", "save_model", "to_onnx"},
    "preprocessing": {"SketchNormalizer"},
    "recipes": {"BudgetedClassifier", "accurate", "best", "distilled", "ensemble", "fast"},
    "semi_supervised": {
        "NoisyStudentClassifier",
        "TransductiveClassifier",
        "align_to_prior",
        "assign_to_prior",
    },
}
TOP_LEVEL = {
    "AugmentingOverSampler": "over_sampling",
    "CNNClassifier": "neural_network",
    "DistilledClassifier": "distillation",
    "ImageClassifier": "neural_network",
    "MobileNetClassifier": "neural_network",
    "NoisyStudentClassifier": "semi_supervised",
    "PrototypeClassifier": "few_shot",
    "RelationNetworkClassifier": "few_shot",
    "ResNetClassifier": "neural_network",
    "SeedEnsembleClassifier": "ensemble",
    "TransductiveClassifier": "semi_supervised",
    "load_model": "persistence",
    "save_model": "persistence",
}
ALSO_AT_THE_TOP = {  # names of the package that are not in __all__, because few users need them
    "DeepFeatureExtractor": "feature_extraction",
    "SketchNormalizer": "preprocessing",
    "TopKReranker": "few_shot",
}
NAMES = [(subpackage, name) for subpackage, names in SUBPACKAGES.items() for name in sorted(names)]
DOCUMENTED = [(subpackage, name) for subpackage, name in NAMES if subpackage != "exceptions"]


def load(subpackage: str, name: str = "") -> Any:
    module = import_module(f"skquickdraw.{subpackage}")
    return getattr(module, name) if name else module


def test_names_of_the_package():
    assert set(skquickdraw.__all__) == {*SUBPACKAGES, *TOP_LEVEL}
    assert skquickdraw.__all__ == sorted(skquickdraw.__all__)
    assert set(skquickdraw.__all__) <= set(dir(skquickdraw))


@pytest.mark.parametrize("subpackage", SUBPACKAGES)
def test_names_of_a_subpackage(subpackage):
    names, listed = set(load(subpackage).__all__), SUBPACKAGES[subpackage]
    assert names == listed, (
        f"{subpackage}: list the names {sorted(names ^ listed)} in its __all__, in SUBPACKAGES of "
        "this file and in CHANGELOG.md, or take them out of all three"
    )
    assert getattr(skquickdraw, subpackage) is load(subpackage)


@pytest.mark.parametrize(("name", "subpackage"), (TOP_LEVEL | ALSO_AT_THE_TOP).items())
def test_a_name_of_the_package_is_its_subpackages(name, subpackage):
    assert getattr(skquickdraw, name) is load(subpackage, name)


def test_names_come_on_first_use():
    code = (
        "import skquickdraw as s; s.metrics; from skquickdraw import exceptions; print(s.metrics)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "skquickdraw.metrics" in done.stdout


def test_other_names_are_missing():
    with pytest.raises(AttributeError, match="'skquickdraw' has no attribute 'MobileNet'"):
        skquickdraw.MobileNet  # noqa: B018


@pytest.mark.parametrize(("subpackage", "name"), NAMES)
def test_every_name_has_a_docstring_of_its_own(subpackage, name):
    own = load(subpackage, name).__doc__ or ""  # a class does not inherit it
    assert own.strip().partition("\n")[0].endswith(".")


@pytest.mark.parametrize(("subpackage", "name"), DOCUMENTED)
def test_every_name_shows_an_example(subpackage, name):
    text = inspect.cleandoc(load(subpackage, name).__doc__ or "")
    _, heading, examples = text.partition("\nExamples\n--------\n")
    assert heading and ">>> " in examples


@pytest.mark.parametrize(("subpackage", "name"), DOCUMENTED)
def test_every_function_is_typed(subpackage, name):
    untyped = [text for function in functions_of(load(subpackage, name)) for text in gaps(function)]
    assert untyped == []


def functions_of(public: Any) -> list[Any]:
    """Return the function itself, or the constructor and public methods that a class defines."""
    if inspect.isfunction(public):
        return [public]
    own = vars(public).items()
    shown = [value for name, value in own if name == "__init__" or not name.startswith("_")]
    functions = [value for value in shown if inspect.isfunction(value)]
    return [value for value in functions if value.__module__ != "typing"]  # a Protocol's __init__


def gaps(function: Any) -> list[str]:
    """Return the names of parameters without an annotation, and 'return' if it has none."""
    noted = {*function.__annotations__, "self"}
    named = [*inspect.signature(function).parameters]
    if function.__name__ != "__init__":
        named.append("return")
    return [f"{function.__qualname__}: {name}" for name in named if name not in noted]


def test_gaps_are_found():
    def half_typed(self, X, y: int):
        return X

    assert [text.split(": ")[1] for text in gaps(half_typed)] == ["X", "return"]


def test_diagrams_link_to_pages_of_the_reference():
    """The reference has a page for each public name of each subpackage in its index."""
    index = (Path(__file__).parents[1] / "docs" / "api" / "index.rst").read_text(encoding="utf-8")
    listed = re.findall(r"^   skquickdraw\.(\w+)$", index, flags=re.MULTILINE)
    public = [(part, name, load(part, name)) for part in listed for name in SUBPACKAGES[part]]
    estimators = [
        (f"skquickdraw.{part}.{name}.html", made)
        for part, name, made in public
        if isinstance(made, type) and issubclass(made, BaseEstimator)
    ]
    assert len(estimators) > 15
    for page, estimator in estimators:
        link = estimator._get_doc_link(object.__new__(estimator))
        assert link == f"https://skquickdraw.readthedocs.io/en/latest/api/generated/{page}"
    assert (
        "/skquickdraw.neural_network.CNNClassifier.html"
        in skquickdraw.CNNClassifier()._repr_html_()
    )


def test_the_class_of_a_user_links_to_no_page_of_ours():
    class Own(skquickdraw.CNNClassifier):
        pass

    assert Own()._get_doc_link() == ""


@pytest.mark.parametrize(("subpackage", "name"), NAMES)
def test_weights_follow_the_labels_in_fit(subpackage, name):
    """As in scikit-learn, where weights may be passed by position."""
    public = load(subpackage, name)
    if hasattr(public, "fit") and has_fit_parameter(public, "sample_weight"):
        names = [*inspect.signature(public.fit).parameters]
        assert names[1:4] == ["X", "y", "sample_weight"]

"""Which page the site's search shows first for the words that readers type.

Sphinx ranks a main entry of the index above all else. Usually, each page has an ``index`` directive
with its entries. Here all entries are in one table, where a duplicate is easy to see.
A plural also finds its singular.
"""

from __future__ import annotations

from typing import Any

from sphinx import addnodes
from sphinx.transforms import SphinxTransform

WORDS = {
    "install": ("install", "extras", "requirements"),
    "user_guide/command_line": ("command line", "without Python", "terminal", "CSV"),
    "user_guide/image_folders": ("JPEG", "JPG", "PNG", "folder", "scan", "photo"),
    "user_guide/data": (
        "RGB",
        "colours",
        "colors",
        "colour images",
        "color images",
        "grayscale",
        "image shape",
    ),
    "user_guide/files": ("ndjson", "sketch-rnn", "npy"),
    "user_guide/millions": ("larger than memory", "memory map"),
    "user_guide/augmentation": ("augmentation", "data augmentation"),
    "user_guide/classifiers": ("regularization", "early stopping", "learning rate", "resume"),
    "user_guide/imbalance": ("imbalance", "imbalanced", "rare classes", "class weights"),
    "user_guide/semi_supervised": (
        "unlabeled",
        "unlabelled",
        "few labels",
        "pseudo-labels",
        "semi-supervised",
        "thresholds",
    ),
    "user_guide/ensembles": ("ensembles",),
    "user_guide/few_shot": ("few-shot", "few shot", "few examples", "new classes"),
    "user_guide/inspection": (
        "confusion matrix",
        "plots",
        "errors",
        "noisy labels",
        "wrong labels",
        "label errors",
    ),
    "user_guide/metrics": ("metrics", "accuracy", "balanced accuracy", "recall"),
    "user_guide/which": (
        "which method",
        "which classifier",
        "SVC",
        "random forest",
        "transfer learning",
        "pretrained",
    ),
    "user_guide/pitfalls": ("pitfalls", "leakage", "data leakage"),
    "user_guide/coming_from": ("Keras", "fastai", "skorch", "imbalanced-learn"),
    "user_guide/gpu": ("GPU", "CUDA"),
    "user_guide/distributed": ("cluster", "n_jobs", "Dask"),
    "user_guide/persistence": ("save", "save model", "load model", "pickle", "checkpoints"),
    "user_guide/onnx": ("ONNX", "export"),
    "auto_examples/plot_grid_search_regularisation": ("grid search", "hyperparameters"),
}


class SearchWords(SphinxTransform):
    """Puts the words of a page in front of it, as main entries of the index."""

    default_priority = 400  # before the index is collected

    def apply(self, **kwargs: Any) -> None:
        words = WORDS.get(self.env.docname, ())
        entries = [("single", word, "", "main", None) for word in words]
        if entries:
            self.document.insert(0, addnodes.index(entries=entries))


def setup(app: Any) -> dict[str, bool]:
    app.add_config_value("search_words", WORDS, "env")  # new words: all pages are read again
    app.add_transform(SearchWords)
    return {"parallel_read_safe": True}

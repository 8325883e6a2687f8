"""Learning classes from a few images: by comparison, by class means, and by reranking.

:class:`RelationNetworkClassifier` learns to compare images, :class:`PrototypeClassifier` compares
features with class means, and :class:`TopKReranker` lets one of them decide among the few classes
that another classifier finds most probable.
"""

from ._prototypes import PrototypeClassifier
from ._relation import RelationNetworkClassifier
from ._reranker import TopKReranker

__all__ = ["PrototypeClassifier", "RelationNetworkClassifier", "TopKReranker"]

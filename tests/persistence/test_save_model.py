"""A model that was saved and loaded predicts exactly the same, and can be trained further."""

import os
import re
from importlib.metadata import version

import numpy as np
import pytest
import safetensors
import torch
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from sklearn import config_context
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    LabelBinarizer,
    LabelEncoder,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVC

import skquickdraw
from skquickdraw import (
    AugmentingOverSampler,
    CNNClassifier,
    DeepFeatureExtractor,
    DistilledClassifier,
    ImageClassifier,
    MobileNetClassifier,
    NoisyStudentClassifier,
    PrototypeClassifier,
    RelationNetworkClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
    SketchNormalizer,
    TopKReranker,
    TransductiveClassifier,
)
from skquickdraw.augmentation import AugmentationPolicy, CutMix, MixUp, StrokeAugmentation
from skquickdraw.losses import LDAM, BalancedSoftmax, Distillation, Focal
from skquickdraw.model_selection import LabeledStratifiedKFold
from skquickdraw.persistence import load_model, save_model
from skquickdraw.recipes import BudgetedClassifier

# The time budgets of these tests are over before training begins.
pytestmark = pytest.mark.filterwarnings("ignore:BudgetedClassifier. fit took:UserWarning")

METHODS = ("predict_proba", "decision_function", "transform", "predict")


def scaled(*steps):
    return make_pipeline(MinMaxScaler(), PCA(5, random_state=0), *steps)


# Functions of a maker of small networks, and of a fitted and frozen network.
MODELS = {
    "CNN": lambda net, frozen: net(),
    "Image": lambda net, frozen: net(ImageClassifier, network="mobilenet"),
    "MobileNet": lambda net, frozen: net(MobileNetClassifier, early_stopping=True),
    "ResNet": lambda net, frozen: net(ResNetClassifier, ema_decay=0.9, n_tta=2),
    "Relation": lambda net, frozen: RelationNetworkClassifier(
        width=0.25, n_episodes=4, precision="float32", random_state=0
    ),
    "Prototype": lambda net, frozen: PrototypeClassifier(),
    "Reranker": lambda net, frozen: TopKReranker(
        frozen, make_pipeline(DeepFeatureExtractor(frozen), PrototypeClassifier()), k=2
    ),
    "Noisy": lambda net, frozen: NoisyStudentClassifier(
        net(), n_iterations=1, class_prior="uniform", unlabeled_label="?", random_state=0
    ),
    "Transductive": lambda net, frozen: TransductiveClassifier(frozen),
    "Seeds": lambda net, frozen: SeedEnsembleClassifier(
        net(), n_estimators=2, weights="validation", random_state=0
    ),
    "Budget": lambda net, frozen: BudgetedClassifier(
        [net(), SeedEnsembleClassifier(net(), 2)], minutes=1e-3, random_state=0
    ),
    "Distilled": lambda net, frozen: DistilledClassifier(frozen, net(), random_state=0),
    "Features": lambda net, frozen: DeepFeatureExtractor(net(), random_state=0),
    "Features-LDA": lambda net, frozen: make_pipeline(
        DeepFeatureExtractor(frozen), LinearDiscriminantAnalysis()
    ),
    "Crossed-logistic": lambda net, frozen: make_pipeline(
        DeepFeatureExtractor(net(), cv=LabeledStratifiedKFold(2), random_state=0),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    ),
    "Frozen": lambda net, frozen: frozen,
    "Vote": lambda net, frozen: VotingClassifier(
        [("net", net()), ("bayes", scaled(GaussianNB()))], voting="soft"
    ),
    "Stack": lambda net, frozen: StackingClassifier(
        [("net", frozen), ("qda", scaled(QuadraticDiscriminantAnalysis()))],
        LogisticRegression(max_iter=1000),
        cv=StratifiedKFold(2),
    ),
    "Union": lambda net, frozen: FeatureUnion(
        [("deep", DeepFeatureExtractor(frozen)), ("largest", MaxAbsScaler())]
    ),
    "Filled": lambda net, frozen: make_imblearn_pipeline(
        AugmentingOverSampler(random_state=0), net()
    ),
    "Normalized": lambda net, frozen: make_pipeline(
        SketchNormalizer((12, 12), polarity="light"), net()
    ),
    "SVC": lambda net, frozen: make_pipeline(
        RobustScaler(), Normalizer(), LinearSVC(random_state=0)
    ),
    "Ridge": lambda net, frozen: scaled(RidgeClassifier()),
    "Centroid": lambda net, frozen: scaled(NearestCentroid()),
}


def outputs(estimator, X):
    method = next(name for name in METHODS if hasattr(estimator, name))
    return getattr(estimator, method)(X)


def shown(estimator):
    return re.sub(r"0x[0-9A-F]+", "", repr(estimator.get_params()))


def there_and_back(estimator, folder, **options):
    save_model(estimator, folder / "model.safetensors", **options)
    return load_model(folder / "model.safetensors")  # on the device of the fit, for equal bits


@pytest.fixture(scope="module")
def fitted(small, frozen, small_sketches):
    """Return a function that fits a model by its name, once for all tests."""
    made = {}

    def fit(name):
        if name not in made:
            X, y = small_sketches
            y = np.where(np.arange(len(y)) < 40, y, "?") if name == "Noisy" else y
            made[name] = MODELS[name](small, frozen).fit(X, y)
        return made[name]

    return fit


@pytest.mark.parametrize("name", MODELS)
def test_predicts_the_same_to_the_bit(name, fitted, small_sketches, tmp_path):
    X, _ = small_sketches
    loaded = there_and_back(fitted(name), tmp_path)
    found, expected = outputs(loaded, X), outputs(fitted(name), X)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", MODELS)
def test_is_the_same_estimator(name, fitted, tmp_path):
    model = fitted(name)
    loaded = there_and_back(model, tmp_path)
    assert type(loaded) is type(model)
    assert set(vars(loaded)) == set(vars(model))
    assert shown(loaded) == shown(model)
    assert shown(clone(loaded)) == shown(clone(model))


def test_every_public_estimator_is_in_the_table(fitted):
    def kinds(value, seen):
        for part in [value, *getattr(value, "get_params", dict)().values()]:
            seen.add(type(part).__name__)
        return seen

    seen = set()
    for name in MODELS:
        kinds(fitted(name), seen)
    public = {name for name in skquickdraw.__all__ if isinstance(getattr(skquickdraw, name), type)}
    assert public <= seen, f"add {sorted(public - seen)} to MODELS, and to persistence/_classes.py"


@pytest.mark.parametrize("name", ["CNN", "Relation", "Seeds", "Features-LDA"])
def test_can_be_fitted_again(name, fitted, small_sketches, tmp_path):
    X, y = small_sketches
    loaded = there_and_back(fitted(name), tmp_path)
    again = clone(loaded).fit(X, y)
    np.testing.assert_array_equal(outputs(again, X), outputs(fitted(name), X))


@pytest.mark.parametrize(
    "params", [{}, {"optimizer": "muon"}, {"optimizer": "sgd", "lr_schedule": "plateau"}]
)
def test_training_goes_on_as_if_nothing_had_been(params, small, small_sketches, tmp_path):
    X, y = small_sketches
    model = small(**params).fit(X, y)
    loaded = there_and_back(model, tmp_path)
    for clf in (model, loaded):
        clf.partial_fit(X, y)
        clf.set_params(warm_start=True).fit(X, y)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.n_epochs_ == model.n_epochs_ == 3


def test_without_the_optimizer_files_are_small(small, small_sketches, tmp_path):
    X, y = small_sketches
    model = small(ResNetClassifier, optimizer="adamw").fit(X, y)  # it keeps two numbers per weight
    save_model(model, tmp_path / "long")
    loaded = there_and_back(model, tmp_path, keep_optimizer=False)
    short, long = (os.path.getsize(tmp_path / name) for name in ("model.safetensors", "long"))
    assert short < 0.45 * long
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.partial_fit(X, y).n_epochs_ == 2


def test_goes_around_twice(fitted, tmp_path):
    loaded = there_and_back(fitted("Distilled"), tmp_path)
    save_model(loaded, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "model.safetensors").read_bytes()


def test_a_teacher_in_two_places_is_stored_once(fitted, frozen, tmp_path):
    loaded = there_and_back(fitted("Distilled"), tmp_path)
    assert loaded.teacher_ is loaded.teacher
    with safetensors.safe_open(tmp_path / "model.safetensors", "np") as file:
        heads = [name for name in file.keys() if name.endswith("weights.head.classify.weight")]  # noqa: SIM118
    assert len(heads) == 2  # teacher and student


def test_adapted_relations_keep_their_classes(fitted, small_sketches, tmp_path):
    X, _ = small_sketches
    adapted = fitted("Relation").adapt(X[:4], [10, 20, 30, 40])
    loaded = there_and_back(adapted, tmp_path)
    np.testing.assert_array_equal(loaded.predict_proba(X), adapted.predict_proba(X))
    assert loaded.adapt(X[:2], ["p", "q"]).predict(X[:2]).tolist() == ["p", "q"]


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, 1], dtype=np.int64),
        np.array([3, 1], dtype=np.uint8),
        np.array([3, 1], dtype=">i4"),
        np.array([2.0, -1.0], dtype=np.float32),
        np.array([True, False]),
        np.array(["bee", "ant"], dtype="U9"),
        np.array(["Biene", "ämeise ☃", "\ud800"], dtype=object),
    ],
    ids=lambda labels: str(labels.dtype),
)
def test_labels_of_any_type(labels, tmp_path):
    X = np.eye(len(labels))
    model = PrototypeClassifier().fit(X, labels)
    loaded = there_and_back(model, tmp_path)
    assert loaded.classes_.dtype == model.classes_.dtype.newbyteorder("=")
    assert loaded.predict(X).tolist() == labels.tolist()


def test_parameters_of_any_type(small, small_sketches, tmp_path):
    model = small(
        augmentation=AugmentationPolicy(rotation=5, shift=0.0),
        mixing=MixUp(alpha=0.3),
        loss=BalancedSoftmax(tau=0.5),
        class_weight=dict(zip(np.unique(small_sketches[1]), [1, 2.5, np.int64(3)], strict=True)),
        lr=np.float32(0.002),
        batch_size=np.int64(16),
        max_epochs=np.uint64(1),
        image_shape=[12, 12],
        device=torch.device("cpu"),
    ).fit(*small_sketches)
    loaded = there_and_back(model, tmp_path)
    assert repr(loaded.get_params()) == repr(model.get_params())
    assert type(loaded.batch_size) is np.int64 and type(loaded.max_epochs) is np.uint64
    assert type(loaded.lr) is np.float32 and loaded.image_shape == [12, 12]


def test_networks_that_draw_strokes(small, tmp_path):
    X = np.zeros((40, 3, 5), dtype=np.float32)
    X[:, 2] = [1, 1, 2, 0, 0]  # the pen: lines of three points
    X[:20, :2, :3] = np.random.RandomState(0).randint(0, 256, (20, 2, 3))
    y = np.repeat([0, 1], 20)
    model = small(augmentation=StrokeAugmentation(side=14, line_width=9), image_shape=(3, 5))
    loaded = there_and_back(model.fit(X, y), tmp_path)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.partial_fit(X, y).n_epochs_ == 2


@pytest.mark.parametrize("policy", [CutMix(0.7), Focal(1.5), LDAM(), Distillation(2.0), None])
def test_objects_of_ours_as_parameters(policy, tmp_path):
    model = PrototypeClassifier(metric="euclidean").fit(np.eye(2), [0, 1])
    model.note_ = (policy, float("nan"), -float("inf"), 2**80, {1: ["a"], None: np.bool_(True)})
    assert repr(there_and_back(model, tmp_path).note_) == repr(model.note_)


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.random.RandomState(0).randn(3, 4)),
        np.random.RandomState(0).randn(4, 6)[::2, ::3],
        np.array(1.5),
        np.zeros((0, 3), dtype=np.int8),
        np.array([[np.nan, -0.0], [np.inf, 5e-324]]),
        np.array([1.0, 2.0]).astype(np.float16),
        np.array([["a", ""], ["bcd", "e"]]),
        np.array([["a", 1], [None, 2.5]], dtype=object),
    ],
    ids=lambda array: f"{array.dtype}-{array.shape}",
)
def test_arrays_of_any_kind(array, tmp_path):
    model = PrototypeClassifier().fit(np.eye(2), [0, 1])
    model.extra_ = array
    found = there_and_back(model, tmp_path).extra_
    np.testing.assert_array_equal(found, array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.flags.f_contiguous == array.copy("K").flags.f_contiguous
    assert found.flags.writeable
    if array.dtype.kind == "f":
        assert found.tobytes("A") == array.copy("K").tobytes("A")


@pytest.mark.parametrize("coder", [LabelEncoder(), LabelBinarizer()], ids=repr)
def test_coders_of_labels(coder, tmp_path):
    loaded = there_and_back(coder.fit(["a", "c", "b"]), tmp_path)
    np.testing.assert_array_equal(loaded.transform(["c", "a"]), coder.transform(["c", "a"]))


def test_random_states_go_on_where_they_stand(tmp_path):
    rng = np.random.RandomState(0)
    rng.randn(1001)
    model = LogisticRegression(random_state=rng).fit(np.eye(2), [0, 1])
    loaded = there_and_back(model, tmp_path)
    np.testing.assert_array_equal(loaded.random_state.randn(2000), rng.randn(2000))


def test_dict_keys_with_full_stops_do_not_collide(tmp_path):
    model = PrototypeClassifier().fit(np.eye(2), [0, 1])
    model.extra_ = {"a": {"b": np.zeros(1)}, "a.b": np.ones(1)}
    found = there_and_back(model, tmp_path).extra_
    assert found["a"]["b"] == 0 and found["a.b"] == 1


def test_what_was_trained_elsewhere_loads_on_the_cpu(small, small_sketches, tmp_path, monkeypatch):
    X, y = small_sketches
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    model = small().fit(X, y)
    expected = model.predict_proba(X)
    model.set_params(device="cuda:0")
    model.net_.device = "cuda:0"  # as if it was trained there
    loaded = there_and_back(model, tmp_path)
    assert (loaded.device, loaded.net_.device) == ("cuda:0", "cpu")
    np.testing.assert_array_equal(loaded.predict_proba(X), expected)


def test_folders_of_this_machine_stay_here(small_sketches, tmp_path):
    member = LogisticRegression(max_iter=1000)
    model = SeedEnsembleClassifier(
        make_pipeline(MinMaxScaler(), member, memory=str(tmp_path)),
        n_estimators=2,
        member_params=[{"memory": str(tmp_path)}, {"logisticregression__C": 2.0}],
        memory=str(tmp_path),
        random_state=0,
    ).fit(*small_sketches)
    loaded = there_and_back(model, tmp_path)
    assert loaded.memory is None and loaded.estimator.memory is None
    assert loaded.member_params == [{"memory": None}, {"logisticregression__C": 2.0}]


def test_requests_for_metadata_are_kept(tmp_path):
    with config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=True)
        loaded = there_and_back(model.fit(np.eye(2), [0, 1]), tmp_path)
        assert repr(loaded.get_metadata_routing()) == repr(model.get_metadata_routing())


def test_output_as_a_frame_is_kept(small_sketches, tmp_path):
    pytest.importorskip("pandas")
    scaler = StandardScaler().set_output(transform="pandas").fit(small_sketches[0])
    loaded = there_and_back(scaler, tmp_path)
    assert list(loaded.transform(small_sketches[0]).columns[:2]) == ["x0", "x1"]


def test_the_header_tells_what_is_inside(net_file, frozen, forger):
    read_parts, _ = forger
    content, arrays = read_parts(net_file)
    assert content["format"] == 2
    assert content["versions"]["skquickdraw"] == version("skquickdraw")
    model = content["model"]
    assert model["class"] == "skquickdraw.CNNClassifier"
    assert model["params"]["width"] == 0.25
    assert model["fitted"]["classes_"]["items"] == frozen.classes_.tolist()
    training = content["training"]["net_"]
    last = frozen.estimator.history_[-1]
    assert training["n_epochs"] == 1 and training["train_loss"] == last["train_loss"]
    assert training["seconds"] == pytest.approx(last["dur"], abs=1e-3)
    weights = frozen.estimator.net_.module_.state_dict()
    for name, weight in weights.items():
        np.testing.assert_array_equal(arrays[f"net_.weights.{name}"], weight.cpu().numpy())


def test_the_same_model_gives_the_same_bytes(net_file, frozen, tmp_path):
    save_model(frozen.estimator, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == net_file.read_bytes()


def test_saving_and_loading_draw_nothing(net_file, small_sketches):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    load_model(net_file)
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])
    assert isinstance(load_model(net_file), CNNClassifier)


def test_callbacks_are_not_saved(tmp_path, small, small_sketches):
    callback = pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 brought callbacks")
    clf = small().set_callbacks(callback.ProgressBar()).fit(*small_sketches)
    save_model(clf, tmp_path / "model.safetensors")
    loaded = load_model(tmp_path / "model.safetensors")
    X = small_sketches[0]
    np.testing.assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))

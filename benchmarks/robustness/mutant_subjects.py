"""For each subject: the files that are changed, and the tests that are run, quick ones first.

The tests are arguments of pytest. Some slow tests are left out, so the whole suite notices at least
as many mutants as these tests do.
"""

from __future__ import annotations

CONTRACT = ["tests/test_contracts.py", "tests/test_mistakes.py"]
LABELS = [
    "tests/test_contracts.py",
    *(f"tests/test_labels.py::{name}" for name in ("TestReader", "TestMetrics", "TestSplitters")),
    "tests/test_labels.py::test_whole_numbers_are_found_as_numpy_finds_them",
    "tests/test_labels.py::test_inner_learners_that_would_take_a_class_for_a_mark",
    "tests/test_labels.py::test_a_transduction_is_made_of_labels_and_sensible_marks",
    "tests/test_labels.py::test_errors_are_of_our_own_tree",
]
STUDENTS = [
    *(f"tests/semi_supervised/test_{name}.py" for name in ("prior", "pseudo_labels")),
    *(f"tests/semi_supervised/test_{name}.py" for name in ("transductive", "interrupted_rounds")),
    "tests/semi_supervised/test_noisy_student.py",
    *(
        f"--deselect=tests/semi_supervised/test_noisy_student.py::test_{name}"
        for name in (
            "a_search_in_processes",
            "equal_seeds_give_equal_students",
            "finished_networks_are_recalled",
            "pipelines_and_votes_learn_soft_labels",
            "students_differ_as_asked",
            "an_over_sampling_pipeline",
            "stacks_of_pictures",
            "it_pickles",
        )
    ),
]


def own_first(folder: str, names: str, rest: list[str]) -> dict[str, list[str]]:
    """Return the tests of each file of a subpackage; ``file:test`` names the test to run first."""
    pairs = [name.split(":") for name in names.split()]
    firsts = {file: f"tests/{folder}/test_{test}.py" for file, test in pairs}
    return {
        f"{folder}/{file}.py": [first, *(test for test in rest if test != first)]
        for file, first in firsts.items()
    }


SUBJECTS: dict[str, dict[str, list[str]]] = {
    "contracts": {
        "_checks.py": [
            *CONTRACT,
            *(f"tests/test_{name}.py" for name in ("odd_arguments", "nested_parameters")),
            "tests/test_exceptions.py",
        ],
        "_images.py": [*CONTRACT, "tests/test_layouts.py", "tests/test_pixel_range.py"],
        "_pixel_range.py": ["tests/test_pixel_range.py", *CONTRACT],
        **{f"{name}.py": LABELS for name in ("_targets", "_marks", "_label_column")},
        "_fitting.py": ["tests/test_fitting.py", *LABELS, *STUDENTS],
        "_partly_labeled.py": STUDENTS,
    },
    "augmentation": own_first(
        "augmentation",
        "_affine:warp _warp:warp _elastic:warp _ink:ink _mirror:mirror _mixing:mixing _auto:auto"
        " _batch:policy _bound:bound _policy:policy _resolve:policy _protocol:policy"
        " _stroke_changes:strokes _stroke_ink:strokes _strokes:strokes",
        ["tests/augmentation", "tests/test_open_parts.py", "tests/test_nested_parameters.py"],
    ),
    "losses": own_first(
        "losses",
        "__init__:losses _losses:losses _protocol:losses _distillation:distillation"
        " _weights:weights",
        [
            *("tests/losses", "src/skquickdraw/losses", "tests/test_open_parts.py"),
            "tests/neural_network/test_criterion.py",
        ],
    ),
    "pseudo-labels": own_first(
        "semi_supervised",
        "_estimate:prior _history:transductive _noisy_student:transductive _prior:prior"
        " _pseudo_labels:pseudo_labels _pseudo_targets:pseudo_labels"
        " _rounds:interrupted_rounds _transductive:transductive",
        STUDENTS,
    ),
    "persistence": own_first(
        "persistence",
        "_classes:save_errors _decoder:load_hostile _encoder:save_errors _file:load_hostile"
        " _leaves:save_errors _limits:load_hostile _model:save_errors _refusals:save_errors"
        " _training:save_model _users:users_code _writing:save_errors",
        [
            *(f"tests/persistence/test_{name}.py" for name in ("save_errors", "load_hostile")),
            *(f"tests/persistence/test_{name}.py" for name in ("save_model", "users_code")),
        ],
    )
    | own_first("persistence", "_onnx:onnx _onnx_graph:onnx", []),
}

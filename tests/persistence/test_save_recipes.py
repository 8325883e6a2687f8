"""Models of the recipes, with all their defaults, saved and loaded."""

import numpy as np
import pytest

from skquickdraw import recipes
from skquickdraw.persistence import load_model, save_model

SHORT = {"max_epochs": 1, "random_state": 0}
RECIPES = {
    "fast": lambda teacher: recipes.fast(**SHORT),
    "accurate": lambda teacher: recipes.accurate(**SHORT),
    "ensemble": lambda teacher: recipes.ensemble(n_members=2, **SHORT),
    "distilled": lambda teacher: recipes.distilled(teacher, **SHORT),
}


def narrow(model):
    """Return the model with the smallest width in all of its networks."""
    widths = [name for name in model.get_params() if name.split("__")[-1] == "width"]
    return model.set_params(**dict.fromkeys(widths, 0.25))


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("keep_optimizer", [True, False])
def test_recipes_come_back_the_same(name, keep_optimizer, frozen, small_sketches, tmp_path):
    X, y = small_sketches
    path = tmp_path / "model.safetensors"
    model = narrow(RECIPES[name](frozen)).fit(X, y)
    save_model(model, path, keep_optimizer=keep_optimizer)
    loaded = load_model(path)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert repr(loaded.get_params()) == repr(model.get_params())

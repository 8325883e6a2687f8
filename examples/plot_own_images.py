"""
How does one train on a folder of images?
=========================================

Put the images of each class into a separate folder. :func:`~skquickdraw.datasets.load_image_folder`
reads all of them into one array, whatever their formats and sizes.
:func:`~skquickdraw.datasets.load_images` reads new images in the same way. Both functions need the
extra ``data``.

This example makes such a folder: dark sketches on paper of different colours, as PNG and JPEG files
of different sizes.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from skquickdraw import recipes
from skquickdraw.datasets import load_image_folder, load_images, make_sketches
from skquickdraw.inspection import ImageSheetDisplay


def write_images(folder, n_images, seed):
    """Write sketches into a folder for each class; return the files."""
    X, y, names = make_sketches(
        n_images, 5, image_shape=(48, 48), random_state=seed, return_names=True
    )
    rng = np.random.RandomState(seed)
    for k, (row, name) in enumerate(zip(X, names[y], strict=True)):
        paper, ink = rng.randint(190, 256, 3), rng.randint(0, 90, 3)
        share = row.reshape(48, 48, 1) / 255
        image = Image.fromarray(np.uint8(share * ink + (1 - share) * paper))
        place = Path(folder, name)
        place.mkdir(exist_ok=True)
        image.resize((40 + k % 30, 60)).save(place / f"{k}.{'png' if k % 2 else 'jpg'}")


# %%
# Load, train, and predict new images
# -----------------------------------
#
# Read new images with the size and the colour mode of the training images. Here the training images
# have colours, so ``load_image_folder`` returned them in the mode ``'RGB'``. If all training images
# are grey, the mode is ``'L'``.
#
# The classifier is a :doc:`recipe </user_guide/recipes>`. Ten passes over the images take seconds.
# Without ``max_epochs``, :func:`~skquickdraw.recipes.fast` trains on these images for about a
# minute, and 97 % of the new images are right.

with TemporaryDirectory() as folder, TemporaryDirectory() as new_folder:
    write_images(folder, 300, seed=0)
    images = load_image_folder(folder, image_shape=(28, 28))
    print(images.data.shape, images.target_names.tolist())

    clf = recipes.fast(max_epochs=10, random_state=0)
    clf.fit(images.data, images.target_names[images.target])

    write_images(new_folder, 60, seed=1)
    new = load_images(new_folder, image_shape=(28, 28), mode="RGB")

y_new = [Path(file).parent.name for file in new.filenames]
print(f"{clf.score(new.data, y_new):.0%} of {len(y_new)} new images are right")
print(clf.augmentation_)

ImageSheetDisplay.from_estimator(clf, new.data, y_new, show=np.arange(0, 60, 4))
plt.show()

# %%
# On the command line, ``skquickdraw train FOLDER -o MODEL`` trains a model, and
# ``skquickdraw predict MODEL NEW_FOLDER`` predicts new images. For scans and photos of drawings,
# see :doc:`/user_guide/image_folders`.

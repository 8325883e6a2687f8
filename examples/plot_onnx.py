"""
How does a model run without this package?
==========================================

Export it to an ONNX file. :func:`~skquickdraw.persistence.to_onnx` writes the whole classifier as
one graph, from pixels to probabilities, and ONNX Runtime runs the graph. The file also contains
what you need to use the model: the classes, the size of the images, and the range of their pixel
values. The export needs the extra ``onnx``.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import onnxruntime

from skquickdraw import ResNetClassifier
from skquickdraw.datasets import load_quickdraw, make_sketches
from skquickdraw.inspection import ImageSheetDisplay
from skquickdraw.persistence import to_onnx

# %%
# From files to a classifier
# --------------------------
#
# With ``width=0.25`` and few passes, the training takes seconds. With the default width and the
# default number of passes, the network is more accurate.

folder = TemporaryDirectory()
X, y, names = make_sketches(300, 6, random_state=0, return_names=True)
for label, name in enumerate(names):
    np.save(Path(folder.name, f"{name}.npy"), X[y == label])

drawings = load_quickdraw(folder.name)
clf = ResNetClassifier(width=0.25, max_epochs=12, batch_size=64, random_state=0)
clf.fit(drawings.data, drawings.target_names[drawings.target])

# %%
# From the classifier to a file
# -----------------------------

path = Path(folder.name, "sketches.onnx")
to_onnx(clf, path)
print(f"{path.stat().st_size / 1e6:.2f} MB")

# %%
# From the file to predictions
# ----------------------------
#
# The following code needs only NumPy and ONNX Runtime. Only the new images come from this package.
# ONNX Runtime is also available for other languages, such as JavaScript.

X_new, y_new = make_sketches(200, 6, random_state=1)

session = onnxruntime.InferenceSession(path)
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
shape = session.get_inputs()[0].shape
(proba,) = session.run(["probabilities"], {"images": X_new.reshape(-1, *shape[1:])})
answers = np.array(classes)[proba.argmax(axis=1)]
print(shape, classes)

# %%
# The predictions are the same as those of the classifier, apart from rounding.

print(f"{np.mean(answers == clf.predict(X_new)):.1%} of the answers are the same,")
difference = np.abs(proba - clf.predict_proba(X_new)).max()
print(f"and probabilities differ by {difference:.0e} at most")
folder.cleanup()

ImageSheetDisplay.from_predictions(
    X_new, names[y_new], answers, y_proba=proba, show=np.arange(16)
)
plt.show()

# %%
# The file also runs in a browser: :doc:`/user_guide/onnx` has a web page that loads it, and shows
# the most probable class of an image. The same guide page lists what can be exported. If you want
# to load a model in Python again, save it with :func:`~skquickdraw.persistence.save_model` instead
# (see :doc:`/user_guide/persistence`).

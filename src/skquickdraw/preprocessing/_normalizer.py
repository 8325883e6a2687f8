"""SketchNormalizer: photos, scans and exports of drawings, as bitmaps like those of Quick, Draw!"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags

from .._checks import ParametersMixin, check_array, is_int, raised_as, validate_data
from .._compat import StrOptions
from .._fitting import all_or_nothing
from .._image_shape import flatten_stack, resolve_image_shape
from .._mapped_files import refuse_files
from ..exceptions import InvalidImagesError, InvalidParameterError
from ._ink import find_ink
from ._placement import averages, place

LARGEST_SIDE = 65_535  # of the resulting images
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow's grey
REDUCED_SIDE = 400  # larger images are reduced, which averages their noise out
SCALE = 5  # a scan is read at this multiple of a drawing's size, so that its lines can be found


def scan_shape(image_shape: tuple[int, int]) -> tuple[int, int]:
    """Return the (height, width) at which to read scans that become images of this shape."""
    height, width = image_shape
    return SCALE * height, SCALE * width


class SketchNormalizer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, ParametersMixin, BaseEstimator
):
    """Turn photos and scans of drawings into bitmaps like Quick, Draw!'s: light ink on black.

    A network that was trained on bitmaps like those of Quick, Draw! expects drawings of the same
    size, in the middle of the image, with lines of the same width. With this transformer before the
    network, you can also classify scans and photos of drawings. Dark ink on light paper is
    inverted. The drawing is cut out and placed on a small image, as in the images of
    :func:`~skquickdraw.datasets.rasterize`.

    Parameters
    ----------
    image_shape : (height, width), default=(28, 28)
        Size of the resulting images, from 1 to 65,535 pixels a side. The drawing is fitted into the
        shorter side.
    polarity : {'auto', 'dark', 'light'}, default='auto'
        Whether the ink is darker or lighter than the paper. 'auto' decides this for each image, and
        assumes that the ink covers a smaller area than the paper.
    input_shape : (H, W) or (C, H, W), default=None
        Shape of the images if X has flat rows; C is 1 or 3. With None, flat rows are read as square
        images if possible, else as images that are one pixel high.

    Attributes
    ----------
    n_features_in_ : int
        Pixels of an image, over all channels. Only if ``fit`` saw flat rows; later flat rows must
        then have as many.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X. Only defined if all of them are strings.

    See Also
    --------
    skquickdraw.datasets.rasterize : Draws bitmaps from strokes, if you have them.
    skquickdraw.datasets.load_image_folder : Reads images from a folder of files.

    Notes
    -----
    ``fit`` only checks the parameters and X; nothing is learned. Each image is processed
    independently:

    1. Colours become grey, and larger images are reduced to 400 pixels on the longer side.
    2. The brightness of the paper is estimated at every pixel. For this, a morphological closing
       (for light ink, an opening) with a window of a quarter of the image removes the ink. Then the
       mean of the pixels of paper in the window is taken. So shadows and gradual changes of the
       light are not taken for ink.
    3. A pixel is ink if it differs from the brightness of the paper by more than four times the
       noise of the paper. Faint spots, and spots that are smaller than 0.3 % of all ink, are
       removed.
    4. The drawing is scaled and centred by its bounding box. Lines thinner than three quarters of
       Quick, Draw!'s pen get the width of this pen. Thicker lines are not changed.

    Empty paper becomes a black image. Crop photos to the paper: if the table around it is much
    darker or lighter, it is taken for ink, or the result is black. Ruled lines and text are taken
    for ink too. If a drawing contains filled areas that are wider than a quarter of the image,
    their inside is taken for paper, and only their outline may remain.

    An image of 300 x 300 pixels takes some hundredths of a second.

    If a pipeline consists of this transformer and a noisy student, the transformer is not applied
    to ``X_unlabeled``. So transform X and ``X_unlabeled`` before the fit.

    Examples
    --------
    >>> import numpy as np
    >>> from skquickdraw.datasets import rasterize
    >>> from skquickdraw.preprocessing import SketchNormalizer
    >>> roof = [[[0, 128, 255], [128, 0, 128]], [[40, 40, 215, 215], [128, 255, 255, 128]]]
    >>> scan = 255 - rasterize(roof, side=300, line_width=5, margin=80)
    >>> bitmap = SketchNormalizer().fit_transform(scan[None])
    >>> bitmap.shape, bitmap.dtype
    ((1, 784), dtype('uint8'))
    >>> bool(np.abs(bitmap[0] - rasterize(roof).ravel().astype(float)).mean() < 8)
    True
    """

    _parameter_constraints: ClassVar[dict[str, Sequence[object]]] = {
        "image_shape": [tuple, list],
        "polarity": [StrOptions({"auto", "dark", "light"})],
        "input_shape": [tuple, list, None],
    }

    def __init__(
        self,
        image_shape: tuple[int, int] = (28, 28),
        *,
        polarity: str = "auto",
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.image_shape = image_shape
        self.polarity = polarity
        self.input_shape = input_shape

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = []
        return tags

    @all_or_nothing
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> SketchNormalizer:
        """Check the parameters and the images; there is nothing to learn.

        Parameters
        ----------
        X : array-like of shape (n, H * W), (n, H, W), (n, C, H, W) or (n, H, W, C)
            Images with 1 or 3 channels, on any scale. Images of several sizes are passed as a list
            or an array of objects, each of shape (H, W), (H, W, C) or (C, H, W).
        y : array-like, default=None
            Ignored.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidParameterError, InvalidImagesError
            If a parameter or X is invalid.
        """
        self._check_parameters()
        self._read(X, reset=True)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Return the drawings as flat images, light ink on black.

        Parameters
        ----------
        X : array-like or list of images
            As in :meth:`fit`.

        Returns
        -------
        images : ndarray of shape (n, height * width), uint8
        """
        self._check_parameters()
        pictures = self._read(X, reset=False)
        images = np.empty((len(pictures), self._n_features_out), dtype=np.uint8)
        for image, picture in zip(images, pictures, strict=True):
            image[:] = self._normalize(picture).ravel()
        return images

    @property
    def _n_features_out(self) -> int:
        return prod(self.image_shape)

    def _normalize(self, picture: NDArray[np.number]) -> NDArray[np.uint8]:
        """Return an image (C, H, W) of a drawing as a bitmap of ``image_shape``."""
        grey = picture[0] if len(picture) == 1 else np.tensordot(LUMA, picture, axes=1)
        grey = grey.astype(np.float64)
        grey -= min(0.0, grey.min())
        height, width = map(int, self.image_shape)
        return place(find_ink(_reduce(grey), self.polarity), (height, width))

    def _check_parameters(self) -> None:
        self._validate_params()
        sides = self.image_shape
        if len(sides) != 2 or not all(is_int(side, 1, LARGEST_SIDE) for side in sides):
            raise InvalidParameterError(
                f"{type(self).__name__}: image_shape must be (height, width), two ints from 1 "
                f"to {LARGEST_SIDE:,}, got {self.image_shape!r}."
            )

    @raised_as(InvalidImagesError)
    def _read(
        self, X: ArrayLike, *, reset: bool
    ) -> Sequence[NDArray[np.number]] | NDArray[np.number]:
        """Return images (C, H, W), as an array or, if their sizes differ, a list."""
        name = type(self).__name__
        if reset:
            for attribute in ("n_features_in_", "feature_names_in_"):
                self.__dict__.pop(attribute, None)
        if _is_list_of_pictures(X):
            return list(_read_each(name, X))
        refuse_files(name, X)
        flat, layout = flatten_stack(name, X, self.input_shape, parameter="input_shape")
        if layout is not None:
            rows = check_array(flat, dtype="numeric", estimator=self, input_name="X")
            return layout.restore(rows)
        rows = validate_data(self, flat, reset=reset, dtype="numeric")
        shape = resolve_image_shape(name, rows.shape[1], self.input_shape, parameter="input_shape")
        return rows.reshape(-1, *shape)


def _is_list_of_pictures(X: Any) -> bool:
    """Return whether X holds images that do not form one array."""
    if getattr(X, "ndim", 0) == 1 and getattr(X, "dtype", None) == np.dtype(object):
        return len(X) > 0 and np.ndim(next(iter(X))) >= 2
    return isinstance(X, list | tuple) and len({np.shape(x) for x in X if np.ndim(x) >= 2}) > 1


def _read_each(name: str, X: Any) -> Iterator[NDArray[np.number]]:
    for i, image in enumerate(X):
        picture = np.asarray(image)
        if picture.ndim not in (2, 3) or picture.size == 0:
            raise InvalidImagesError(
                f"{name}: every image must have shape (H, W), (H, W, C) or (C, H, W), got "
                f"{picture.shape} at position {i}. Leave it out."
            )
        flat, layout = flatten_stack(f"{name}, image {i}", picture[None])
        rows = check_array(flat, dtype="numeric", input_name=f"X[{i}]")
        yield layout.restore(rows)[0]  # type: ignore[union-attr]  # a stack has one


def _reduce(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an image whose longer side is at most ``REDUCED_SIDE``, by area averages."""
    factor = REDUCED_SIDE / max(grey.shape)
    if factor >= 1:
        return grey
    rows, columns = (
        averages(max(1, round(factor * side)), side, side / 2, factor) for side in grey.shape
    )
    return rows @ grey @ columns.T

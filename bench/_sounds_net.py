"""The network that reads sounds, as torch knows it while it learns, and as the file that the gateway reads.

Whisper's encoder (Radford et al. 2022, section 2.2) with its weights to begin with, and on top of it a linear layer over two
positions, two layers over five steps that add to what they get, and one to the sounds.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench._sounds_mels import MELS

Untyped = Any
"""torch, onnx and what is theirs: packages of the environment of `bench/sounds-requirements.txt`, not of this one."""
Arrays = Mapping[str, npt.NDArray[np.float32]]

INNER = 256
TAPS = 5
"""Steps that one upper layer looks at: 0.2 s."""
DROPPED = 0.1
MOST_POSITIONS = 1500
SMALL = 2000
"""Arrays of fewer numbers are kept as they are."""


def build(encoder: Arrays, sounds: int) -> Untyped:
    """The network as a `torch.nn.Module`: mel frames, shape (calls, frames, 80), to log-probabilities (calls, frames // 4, 1 + sounds).

    Args:
        encoder: of `bench._sounds_whisper.encoder_of`.
        sounds: of the alphabet; column 0 is "no sound, or the same still".
    """
    torch = importlib.import_module("torch")
    nn, functional = torch.nn, torch.nn.functional
    width, heads = encoder["conv1/weight"].shape[0], int(encoder["num_heads"].ravel()[0])
    count = sum(name.startswith("layer_") and name.endswith("ffn/linear_0/weight") for name in encoder)

    def given(kind: Untyped, name: str, *sizes: int, **more: int) -> Untyped:
        layer = kind(*sizes, **more)
        norm = kind is nn.LayerNorm
        layer.weight.data = torch.tensor(encoder[f"{name}/{'gamma' if norm else 'weight'}"])
        layer.bias.data = torch.tensor(encoder[f"{name}/{'beta' if norm else 'bias'}"])
        return layer

    class Block(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self, name: str) -> None:
            super().__init__()
            self.before = given(nn.LayerNorm, f"{name}/self_attention/layer_norm", width)
            self.asked = given(nn.Linear, f"{name}/self_attention/linear_0", width, 3 * width)
            self.answered = given(nn.Linear, f"{name}/self_attention/linear_1", width, width)
            self.between = given(nn.LayerNorm, f"{name}/ffn/layer_norm", width)
            self.wide = given(nn.Linear, f"{name}/ffn/linear_0", width, 4 * width)
            self.narrow = given(nn.Linear, f"{name}/ffn/linear_1", 4 * width, width)

        def forward(self, values: Untyped) -> Untyped:
            calls, positions, _ = values.shape
            parts = self.asked(self.before(values)).view(calls, positions, 3, heads, width // heads)
            attended = functional.scaled_dot_product_attention(*parts.permute(2, 0, 3, 1, 4).unbind(0))
            values = values + self.answered(attended.transpose(1, 2).reshape(calls, positions, width))
            return values + self.narrow(functional.gelu(self.wide(self.between(values))))

    class Reader(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first = given(nn.Conv1d, "conv1", MELS, width, 3, padding=1)
            self.second = given(nn.Conv1d, "conv2", width, width, 3, stride=2, padding=1)
            self.register_buffer("places", torch.tensor(encoder["position_encodings/encodings"][:MOST_POSITIONS]))
            self.blocks = nn.Sequential(*(Block(f"layer_{number}") for number in range(count)))
            self.after = given(nn.LayerNorm, "layer_norm", width)
            self.upper = nn.ModuleDict(
                {
                    "inward": nn.Linear(2 * width, INNER),
                    "inner1": nn.Conv1d(INNER, INNER, TAPS, padding=TAPS // 2),
                    "inner2": nn.Conv1d(INNER, INNER, TAPS, padding=TAPS // 2),
                    "outward": nn.Linear(INNER, 1 + sounds),
                }
            )
            self.dropped = nn.Dropout(DROPPED)

        def forward(self, mels: Untyped) -> Untyped:
            values = functional.gelu(self.second(functional.gelu(self.first(mels.transpose(1, 2))))).transpose(1, 2)
            values = self.after(self.blocks(values + self.places[: values.shape[1]]))
            pairs = values.reshape(values.shape[0], values.shape[1] // 2, 2 * width)
            inner = functional.relu(self.upper["inward"](self.dropped(pairs)))
            for name in ("inner1", "inner2"):
                told = self.upper[name](self.dropped(inner).transpose(1, 2))
                inner = inner + functional.relu(told).transpose(1, 2)
            return self.upper["outward"](self.dropped(inner)).float().log_softmax(-1)

    return Reader()


def export(network: Untyped, alphabet: str, path: Path) -> None:
    """Write the network as ONNX: `mels` (1, frames, 80) to `sounds` (1, frames // 4, 1 + sounds), the alphabet as `alphabet` among its metadata.

    Matrices are rounded to seven bits by column, so that processors without VNNI can't overflow (ONNX Runtime's `reduce_range`); other large
    arrays are kept at half precision.
    """
    torch, onnx = importlib.import_module("torch"), importlib.import_module("onnx")
    quantization = importlib.import_module("onnxruntime.quantization")
    whole, rounded = path.with_suffix(".whole"), path.with_suffix(".rounded")
    torch.onnx.export(
        network.eval(), torch.zeros(1, 400, MELS), whole, input_names=["mels"], output_names=["sounds"],
        dynamic_axes={"mels": {1: "frames"}, "sounds": {1: "steps"}}, opset_version=17, dynamo=False,
    )  # fmt: skip
    quantization.quantize_dynamic(
        whole, rounded, op_types_to_quantize=["MatMul"], per_channel=True, reduce_range=True,
        weight_type=quantization.QuantType.QInt8,
    )  # fmt: skip
    model = onnx.load(rounded)
    _halve(onnx, model.graph)
    onnx.helper.set_model_props(model, {"alphabet": alphabet})
    onnx.checker.check_model(model)
    onnx.save(model, path)
    whole.unlink()
    rounded.unlink()


def _halve(onnx: Untyped, graph: Untyped) -> None:
    """Keep large arrays of single precision as halves, made whole again when the file is loaded."""
    single = onnx.TensorProto.FLOAT
    for kept in [one for one in graph.initializer if one.data_type == single and np.prod(one.dims) > SMALL]:
        halves = onnx.numpy_helper.to_array(kept).astype(np.float16)
        graph.initializer.remove(kept)
        graph.initializer.append(onnx.numpy_helper.from_array(halves, f"{kept.name}.half"))
        graph.node.insert(0, onnx.helper.make_node("Cast", [f"{kept.name}.half"], [kept.name], to=single))

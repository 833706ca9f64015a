"""WideResNet-28-2 on images of 32×32, layer by layer: how many parameters it has and what a forward pass costs.

Source: Zagoruyko & Komodakis, Wide residual networks (2016), in the form of `examples/ATF-Arena.py` of
github.com/dingste/HysteroGrad: convolutions without bias, a 1×1 convolution where a block changes width or size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Layer(NamedTuple):
    """A layer. name: stage and kind. parameters: how many it has. flop: of one image's forward pass."""

    name: str
    parameters: int
    flop: int


def layers(depth: int = 28, widen_factor: int = 2, classes: int = 10, size: int = 32) -> Iterator[Layer]:
    """Yield the layers from the image to the classes.

    Counted as the source counts: a convolution or a linear layer costs 2 FLOP for each multiply-add; normalisation,
    activation, addition and pooling cost nothing. depth: 6n + 4, with n blocks a stage.
    """
    blocks = (depth - 4) // 6
    yield convolution("first convolution", 3, 16, 3, size)
    inputs = 16
    for stage in (1, 2, 3):
        outputs = 16 * widen_factor * 2 ** (stage - 1)
        for block in range(blocks):
            stride = 2 if stage > 1 and block == 0 else 1
            name = f"stage {stage}"
            yield Layer(f"{name} normalisation", 2 * inputs, 0)
            yield convolution(f"{name} convolution 3×3", inputs, outputs, 3, size)
            yield Layer(f"{name} normalisation", 2 * outputs, 0)
            size //= stride
            yield convolution(f"{name} convolution 3×3", outputs, outputs, 3, size)
            if stride != 1 or inputs != outputs:
                yield convolution(f"{name} shortcut 1×1", inputs, outputs, 1, size)
            inputs = outputs
    yield Layer("last normalisation", 2 * inputs, 0)
    yield Layer("linear layer", inputs * classes + classes, 2 * inputs * classes)


def convolution(name: str, inputs: int, outputs: int, kernel: int, size: int) -> Layer:
    """Return a convolution without bias. size: width and height of what it puts out."""
    weights = kernel * kernel * inputs * outputs
    return Layer(name, weights, 2 * weights * size * size)


def forward_flop() -> int:
    """Return the FLOP of one image's forward pass."""
    return sum(layer.flop for layer in layers())


def parameter_count() -> int:
    """Return the number of parameters."""
    return sum(layer.parameters for layer in layers())

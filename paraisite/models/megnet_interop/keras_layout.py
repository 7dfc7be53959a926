"""Which Keras layer holds which of our parameters: found by following the saved network from its output."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from paraisite.errors import WeightsError
from paraisite.models.megnet_interop.layer_graph import Layer, LayerGraph, Tensor

PARTS: Final = ("atom", "bond", "state")
LN_10: Final = math.log(10.0)
_N_FEATURE_INPUT: Final = 3
"""After these inputs come the indices: a bond's two ends, an atom's crystal, a bond's crystal."""


@dataclass
class KerasLayout:
    """Layers of a MEGNet by role.

    Attributes:
        dense: Dense layers by our names, e.g. "preblock/atom/0", "block_1/ff/bond/1", "readout/0", "head/2".
        blocks: MEGNet layers, first block first.
        set2set: The two readouts, "atom" and "bond".
        sources: What feeds each part: an embedding, an input, or a Gaussian expansion.
        kappa_tail: The last two layers of a file that turns its output into kappa, see ``megnet_interop.writer``.
    """

    dense: dict[str, Layer] = field(default_factory=dict)
    blocks: list[Layer] = field(default_factory=list)
    set2set: dict[str, Layer] = field(default_factory=dict)
    sources: dict[str, Layer] = field(default_factory=dict)
    kappa_tail: tuple[Layer, Layer] | None = None

    @property
    def head(self) -> list[Layer]:
        """Layers after the readout, first to last."""
        return [layer for name, layer in self.dense.items() if name.startswith("head/")]


def find_layout(graph: LayerGraph, path: Path) -> KerasLayout:
    """Follow the network backwards and name its layers.

    Raises:
        WeightsError: The network is wired otherwise than MEGNet's crystal models.
    """
    try:
        if len(graph.inputs) != 7:
            raise WeightsError(f"the network has {len(graph.inputs)} inputs, 7 needed")
        layout = KerasLayout()
        pooled = _follow_head(graph, layout)
        streams = {}
        for part, tensor in zip(("atom", "bond"), pooled, strict=False):
            layout.set2set[part] = _expect_kind(graph.at(tensor), "Set2Set")
            streams[part], crystal_index = _inputs(layout.set2set[part], 2)
            if crystal_index != graph.inputs[_N_FEATURE_INPUT + 2 + PARTS.index(part)]:
                raise WeightsError(f"the readout of {part}s is indexed by {crystal_index.layer}")
        streams["state"] = pooled[2]
        for part in PARTS:
            _follow_stream(graph, layout, part, streams[part])
        return layout
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}; expected the wiring of MEGNet's crystal models") from error


def _follow_head(graph: LayerGraph, layout: KerasLayout) -> tuple[Tensor, ...]:
    """Name the layers after the concatenation and return what it joins."""
    chain, joint = _dense_chain(graph, graph.output)
    if len(chain) >= 2 and chain[-2].activation() == "exponential":
        layout.kappa_tail = (chain[-2], chain[-1])
        chain = chain[:-2]
    for n, layer in enumerate(chain):
        layout.dense[f"readout/{n}" if n < 2 else f"head/{n - 2}"] = layer
    if len(chain) < 3:
        raise WeightsError(f"{len(chain)} dense layers after the readout, at least 3 needed")
    pooled = _inputs(_expect_kind(graph.at(joint), "Concatenate"), 3)
    return tuple(_without_dropout(graph, tensor) for tensor in pooled)


def _follow_stream(graph: LayerGraph, layout: KerasLayout, part: str, tensor: Tensor) -> None:
    """Follow one part from the last block's sum back to the network's input."""
    blocks: list[Layer] = []
    stages: list[list[Layer]] = []
    while graph.at(tensor).kind == "Add":
        block, previous = _split_sum(graph, tensor, PARTS.index(part))
        if block in blocks:
            raise WeightsError(f"layer {block.name} feeds itself")
        leading, source = _dense_chain(graph, block.inputs[PARTS.index(part)])
        if source != previous:
            # Block 1 takes the sum's other input as it is, so the chain runs on into the layers before it.
            leading, source = [], _without_dropout(graph, block.inputs[PARTS.index(part)])
        if source != previous:
            raise WeightsError(f"layer {block.name} takes {source.layer} and is added to {previous.layer}")
        blocks.insert(0, block)
        stages.insert(0, leading)
        tensor = previous
    if not layout.blocks:
        layout.blocks = [_expect_index_inputs(graph, block) for block in blocks]
    if [block.name for block in blocks] != [block.name for block in layout.blocks] or not blocks:
        raise WeightsError(f"the {part}s pass {len(blocks)} MEGNet layers, other parts {len(layout.blocks)}")
    first, source = _dense_chain(graph, tensor)
    layout.sources[part] = graph.at(source)
    names = [f"preblock/{part}", *(f"block_{block}/ff/{part}" for block in range(len(blocks)))]
    for name, chain, n_expected in zip(names, [first, *stages], [2, 0, *[2] * (len(blocks) - 1)], strict=True):
        if len(chain) != n_expected:
            raise WeightsError(f"{name} has {len(chain)} dense layers, {n_expected} needed")
        for n, layer in enumerate(chain):
            layout.dense[f"{name}/{n}"] = layer


def _split_sum(graph: LayerGraph, tensor: Tensor, part_index: int) -> tuple[Layer, Tensor]:
    """Return a block and what its output is added to."""
    previous, update = (_without_dropout(graph, value) for value in _inputs(graph.at(tensor), 2))
    if graph.at(update).kind != "MEGNetLayer":
        previous, update = update, previous
    block = _expect_kind(graph.at(update), "MEGNetLayer")
    _inputs(block, 7)
    if update.output != part_index:
        raise WeightsError(f"{tensor.layer} adds output {update.output} of {block.name}, {part_index} needed")
    return block, previous


def _expect_index_inputs(graph: LayerGraph, block: Layer) -> Layer:
    if block.inputs[_N_FEATURE_INPUT:] != graph.inputs[_N_FEATURE_INPUT:]:
        raise WeightsError(f"{block.name} is indexed by {[tensor.layer for tensor in block.inputs[_N_FEATURE_INPUT:]]}")
    return block


def _dense_chain(graph: LayerGraph, tensor: Tensor) -> tuple[list[Layer], Tensor]:
    """Return the dense layers that end at a tensor, first to last, and what feeds them."""
    chain: list[Layer] = []
    tensor = _without_dropout(graph, tensor)
    while (layer := graph.at(tensor)).kind == "Dense":
        if layer in chain:
            raise WeightsError(f"layer {layer.name} feeds itself")
        chain.insert(0, layer)
        tensor = _without_dropout(graph, _inputs(layer, 1)[0])
    return chain, tensor


def _without_dropout(graph: LayerGraph, tensor: Tensor) -> Tensor:
    """Return the tensor before any dropout, which does nothing at prediction."""
    for _ in graph.layers:
        if graph.at(tensor).kind != "Dropout":
            break
        tensor = _inputs(graph.at(tensor), 1)[0]
    return tensor


def _inputs(layer: Layer, n_expected: int) -> tuple[Tensor, ...]:
    if len(layer.inputs) != n_expected:
        raise WeightsError(f"layer {layer.name} ({layer.kind}) has {len(layer.inputs)} inputs, {n_expected} needed")
    return layer.inputs


def _expect_kind(layer: Layer, kind: str) -> Layer:
    if layer.kind != kind:
        raise WeightsError(f"layer {layer.name} is {layer.kind}, {kind} needed")
    return layer

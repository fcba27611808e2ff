"""Writes shards by the actors of a Ray cluster, over a folder that all of its machines share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_explain.batch.worker import write_shards_of
from llm_explain.generation.ray_cluster import ray_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llm_explain.batch.shards import Shards


class ShardWriter:
    """An actor that opens the shop once and writes shards.

    Args:
        shards: The batch.
    """

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Write the shards of a Ray batch.

        Args:
            batch: Column ``id``, places of shards.

        Returns:
            The batch.
        """
        write_shards_of(self._shards, batch["id"].tolist())
        return batch


def write_shards(shards: Shards, numbers: Sequence[int], workers: int) -> Iterator[int]:
    """Write shards; Ray is started for the time of the call if it does not run.

    Args:
        shards: The batch; its folders must be shared by the machines of the cluster.
        numbers: Places of the shards.
        workers: Actors, one processor each.

    Yields:
        int: The place of each shard when it is written.
    """
    with ray_data() as (data, actors):
        asked = data.from_items([{"id": number} for number in numbers], override_num_blocks=len(numbers))
        written = asked.map_batches(
            ShardWriter, fn_constructor_args=(shards,), batch_size=1, num_cpus=1, compute=actors(workers)
        )
        for row in written.iter_rows():
            yield int(row["id"])

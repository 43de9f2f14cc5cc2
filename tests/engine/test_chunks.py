"""Chunks of rows: in order, smaller after running out of memory."""

import pytest
import torch

from seewhy.engine.chunks import Chunks
from seewhy.errors import ModelFailed

CPU = torch.device("cpu")


def run(chunks, rows, most, error=torch.OutOfMemoryError, **how):
    sizes = []

    def call(part):
        size = part.stop - part.start
        if size > most:
            raise error("CUDA out of memory" if error is RuntimeError else "planted")
        sizes.append(size)
        return torch.arange(part.start, part.stop)

    return torch.cat(list(chunks.run(rows, call, **how))), sizes


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
def test_rows_come_in_order_also_after_running_out_of_memory(error):
    found, sizes = run(Chunks(3, CPU, None), 100, most=9, error=error)
    assert found.tolist() == list(range(100))
    assert sizes[0] == 8


def test_the_smaller_size_is_kept_for_later_calls():
    chunks = Chunks(3, CPU, None)
    run(chunks, 50, most=4)
    assert chunks.forward == 4
    assert run(chunks, 10, most=4)[1] == [4, 4, 2]


def test_forward_and_backward_have_sizes_of_their_own():
    chunks = Chunks(3, CPU, None)
    before = chunks.forward
    run(chunks, 50, most=2, backward=True)
    assert (chunks.forward, chunks.backward) == (before, 2)


def test_one_image_that_does_not_fit_is_an_error_by_name():
    with pytest.raises(ModelFailed, match="single image"):
        run(Chunks(3, CPU, None), 4, most=0)


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    def call(part):
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        list(Chunks(3, CPU, None).run(4, call))


def test_large_images_go_in_smaller_chunks_and_a_limit_is_kept():
    small, large = Chunks(3 * 32 * 32, CPU, None), Chunks(3 * 4000 * 4000, CPU, None)
    assert small.forward > large.forward
    assert large.forward == large.backward == 1
    assert Chunks(3, CPU, 5).forward == 5

"""The memo of answers: nothing is paid for twice, and nothing is mixed up."""

import pytest
import torch
from games import TableGame, random_table

from seewhy.domain.baseline import Blur, Colour, Mean
from seewhy.domain.regions import Grid, Windows
from seewhy.domain.target import Target
from seewhy.engine import answers
from seewhy.engine.answers import Answers
from seewhy.engine.game import Game
from seewhy.engine.probe import Probe
from seewhy.models.function import FunctionModel
from seewhy.testing.tiny_models import pictures, plain_function


def probe(count=1):
    return Probe(FunctionModel(plain_function), pictures(count, 3, 12, 12), [Target(0, "a")] * count)


def test_twins_are_asked_once():
    asking = probe()
    game = Game.of(asking, 0, Grid(2), Colour(0.5))
    twins = torch.tensor([[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]]).bool()
    values = game.values(twins)
    assert asking.control.spent.calls == 2
    assert values[0] == values[2] != values[1]


def test_a_second_method_pays_nothing_for_coalitions_that_the_first_has_asked():
    game = TableGame(random_table(6))
    exact = game.ask("exact-shapley")
    paid = game.asked
    sampled = game.ask("permutation-shapley", samples=400, tolerance=0.0)
    assert game.asked == paid + 1  # the prediction of the new probe
    assert torch.allclose(sampled.values, exact.values, atol=0.2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((0, Grid(2), Colour(0.5)), (0, Grid(2), Colour(0.6))),
        ((0, Grid(2), Blur(0.1)), (0, Grid(2), Blur(0.2))),
        ((0, Grid(2), Mean()), (0, Grid(2), Colour(0.5))),
        ((0, Grid(2), Mean()), (0, Windows(6, 6), Mean())),
        ((0, Grid(3), Mean()), (1, Grid(3), Mean())),
    ],
    ids=["colour", "blur", "kind of fill", "regions", "image"],
)
def test_answers_of_different_questions_are_kept_apart(one, other):
    shared, fresh = probe(2), probe(2)
    Game.of(shared, *one).without_each()
    found = Game.of(shared, *other).without_each()
    assert torch.equal(found, Game.of(fresh, *other).without_each())


def test_the_precision_belongs_to_the_question():
    shared = Answers()
    asked = [
        Probe(FunctionModel(plain_function), pictures(1, 3, 12, 12), [Target(0, "a")], precision=p, answers=shared)
        for p in ("float32", "bfloat16")
    ]
    for each in asked:
        Game.of(each, 0, Grid(2), Mean()).without_each()
    assert [each.control.spent.calls for each in asked] == [4, 4]


def test_games_that_split_the_whole_image_share_the_empty_answer():
    asking = probe()
    first, second = (Game.of(asking, 0, Grid(cells), Mean()).empty for cells in (2, 3))
    assert first == second
    assert asking.control.spent.calls == 1


def test_another_target_reads_the_same_answers():
    asking = probe()
    Game.of(asking, 0, Grid(3), Mean()).without_each()
    paid = asking.control.spent.calls
    other = Game.of(asking.against([Target(1, "b")]), 0, Grid(3), Mean()).without_each()
    assert asking.control.spent.calls == paid
    assert torch.equal(other, Game.of(probe().against([Target(1, "b")]), 0, Grid(3), Mean()).without_each())


def test_a_full_memo_forgets_without_changing_results(monkeypatch):
    expected = Game.of(probe(), 0, Grid(3), Mean()).without_each()
    monkeypatch.setattr(answers, "_MOST_BYTES", 40)
    asking = probe()
    game = Game.of(asking, 0, Grid(3), Mean())
    assert torch.equal(game.without_each(), expected)
    assert torch.equal(game.without_each(), expected)
    assert asking.answers.size <= 40
    assert asking.control.spent.calls > 9


def test_what_the_caller_does_with_an_answer_does_not_reach_the_memo():
    game = Game.of(probe(), 0, Grid(2), Mean())
    first = game.without_each().clone()
    game.without_each().zero_()
    assert torch.equal(game.without_each(), first)

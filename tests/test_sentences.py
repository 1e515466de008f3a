"""Sentences: English texts that remember how they were made."""

import copy
import json
from decimal import Decimal

from ssflow.sentences import Sentence


def test_a_sentence_is_the_english_text_and_remembers_its_parts() -> None:
    told = Sentence("Budget %(number)s lacks %(amount)s.", number="B-1", amount=Decimal("5"))

    assert (told, json.dumps(told)) == ("Budget B-1 lacks 5.00.", '"Budget B-1 lacks 5.00."')
    assert (told.template, told.values["amount"]) == ("Budget %(number)s lacks %(amount)s.", 5)
    assert copy.deepcopy(told).template == told.template


def test_several_values_stand_one_after_the_other() -> None:
    assert Sentence("Ask %(roles)s.", roles=["brm", "slm"]) == "Ask brm, slm."


def test_a_sentence_without_values_may_hold_a_per_cent_sign() -> None:
    assert Sentence("More than 100 %.") == "More than 100 %."

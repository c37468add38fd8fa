"""The bill: what is added stands on it, what was needed before stands apart."""

import time

from benchcore.trainers.ledger import Ledger


def test_a_bill_is_what_was_added_and_can_be_gone_on_from() -> None:
    ledger = Ledger()
    ledger.train.add(forwarded=10, in_loss=6, flops=1e9)
    ledger.train.add(forwarded=10, in_loss=4, flops=1e9)
    ledger.prepare.add(forwarded=5, flops=3e8, seconds=2.0)
    assert ledger.bill() == {
        "flops": 2e9, "prepare flops": 3e8, "seconds": 0.0, "prepare seconds": 2.0,
        "forwarded": 20, "in loss": 10, "prepare forwarded": 5, "prepare in loss": 0,
    }  # fmt: skip
    again = Ledger()
    again.restore(ledger.bill())
    assert again == ledger


def test_all_of_a_reference_models_bill_is_preparation() -> None:
    reference = Ledger()
    reference.train.add(forwarded=100, in_loss=90, flops=5e9, seconds=3.0)
    reference.prepare.add(forwarded=7, in_loss=1, flops=1e9, seconds=0.5)
    ledger = Ledger()
    ledger.prepare.charge(reference.bill())
    ledger.prepare.charge({})  # of a checkpoint made elsewhere nothing is known
    assert (ledger.prepare.forwarded, ledger.prepare.in_loss) == (107, 91)
    assert (ledger.prepare.flops, ledger.prepare.seconds) == (6e9, 3.5)
    assert ledger.train.flops == 0


def test_time_is_charged_also_for_what_fails() -> None:
    ledger = Ledger()
    try:
        with ledger.train.timed():
            time.sleep(0.02)
            raise ValueError
    except ValueError:
        pass
    assert 0.02 <= ledger.train.seconds < 5

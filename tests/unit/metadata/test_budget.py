"""What is held at the same time stays within the budget, and nothing waits for ever."""

import asyncio

import pytest

from ai2text.metadata.budget import Budget


async def test_what_does_not_fit_waits_and_what_is_larger_than_all_passes_alone() -> None:
    budget, held, most = Budget(10), 0, 0

    async def hold(amount: int) -> None:
        nonlocal held, most
        async with budget.holding(amount):
            held += amount
            most = max(most, held)
            assert held <= 10 or held == amount
            await asyncio.sleep(0)
            held -= amount

    await asyncio.gather(*(hold(amount) for amount in (4, 4, 4, 50, 1, 9, 10, 3)))
    assert (held, most) == (0, 50)


async def test_an_error_gives_back_what_was_held() -> None:
    budget = Budget(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with budget.holding(1):
                raise ZeroDivisionError
    async with asyncio.timeout(1), budget.holding(1):
        pass

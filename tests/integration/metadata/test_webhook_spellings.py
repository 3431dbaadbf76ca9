"""Old and odd ways to write an address, resolved by the system itself, which knows all of them."""

import pytest

from ai2text.metadata.webhook_targets import TargetRefused, Targets

LOOPBACK = (
    *("https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/"),
    *("https://0x7f.1/", "https://0177.0.0.1/", "https://017700000001/", "https://0/", "https://0.0.0.0/"),
    *("https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[0:0:0:0:0:ffff:7f00:1]/"),
    *("https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://127.0.0.1./", "HTTPS://127.0.0.1/"),
    *("https://127.0.0.1:443/", "https://127.0.0.1:8081/v1/snapshot", "https://localhost:99999/"),
    *("https://\N{FULLWIDTH DIGIT ONE}27.0.0.1/", "https://127\N{IDEOGRAPHIC FULL STOP}0.0.1/"),
    *("https://\N{CIRCLED LATIN SMALL LETTER L}ocalhost/", "https://127.0.0.1\\@example.org/"),
    *("https://169.254.169.254/latest/meta-data/", "https://2852039166/", "https://[fe80::1%25lo]/"),
    *("https://%31%32%37.0.0.1/", "https://%6cocalhost/", "https://[::ffff:7f00:0001%25]/"),
    *("https://example.org@127.0.0.1/", "https://example.org:443@127.0.0.1/", "https://:@127.0.0.1/"),
    *("https://127.0.0.1#@example.org/", "https://127.0.0.1?@example.org/", "//127.0.0.1/", "https://..localhost/"),
)


@pytest.mark.parametrize("url", LOOPBACK)
async def test_no_spelling_of_the_inside_comes_through(url: str) -> None:
    with pytest.raises(TargetRefused):
        await Targets(()).check(url)

"""`make bench`: takes the figures and writes them into docs/benchmarks.md, between its marks."""

from pathlib import Path

from tests.bench import pipeline
from tests.bench.table import machine, table

DOCUMENT = Path(__file__).parents[2] / "docs/benchmarks.md"
BEGIN, END = "<!-- pipeline: written by `make bench` -->", "<!-- end of pipeline -->"
CLIPS = 200


def main() -> None:
    figures = f"{machine()}\n\n{table(pipeline.run(CLIPS))}"
    print(figures)  # noqa: T201 - what the command is for
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}")


if __name__ == "__main__":
    main()

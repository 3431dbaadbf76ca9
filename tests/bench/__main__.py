"""`make bench`: takes the figures and writes them into docs/benchmarks.md, each between its marks.

Names of tables after it take only those: `python -m tests.bench pipeline`.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    asr_queue,
    bench_asr,
    bucket,
    catalogue,
    cuts,
    datasets,
    gateway,
    ingestion,
    persistence,
    pipeline,
    probe,
    review_queue,
    search,
)
from tests.bench.table import Row, machine, table

DOCUMENT = Path(__file__).parents[2] / "docs/benchmarks.md"
TABLES: dict[str, Callable[[], list[Row]]] = {
    "pipeline": lambda: pipeline.run(200),
    "many files": lambda: ingestion.many_files(10_000),
    "large file": lambda: ingestion.large_file(2 << 30),
    "unchanged folder": lambda: ingestion.unchanged_folder(100_000),
    "reports": persistence.run,
    "bucket": bucket.run,
    "catalogue": catalogue.run,
    "search": search.run,
    "datasets": datasets.run,
    "cuts": cuts.run,
    "probe": lambda: probe.run(1_000),
    "probe of long recordings": lambda: probe.run(140, probe.LONG_SECONDS),
    "asr": bench_asr.run,
    "asr queue": asr_queue.run,
    "review queue": review_queue.run,
    "gateway": gateway.run,
    "event streams": gateway.streams,
}


def main(chosen: list[str]) -> None:
    for name in chosen or TABLES:
        figures = f"{machine()}\n\n{table(TABLES[name]())}"
        print(figures)  # noqa: T201 - what the command is for
        begin, end = f"<!-- {name}: written by `make bench` -->", f"<!-- end of {name} -->"
        before, _, rest = DOCUMENT.read_text().partition(begin)
        _, _, after = rest.partition(end)
        DOCUMENT.write_text(f"{before}{begin}\n{figures}\n{end}{after}")


if __name__ == "__main__":
    main(sys.argv[1:])

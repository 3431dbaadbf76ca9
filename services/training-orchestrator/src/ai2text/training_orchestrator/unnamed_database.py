"""A SQLite database without a name: on disk beyond its cache, and gone with the process however that ends. Blocking."""

import sqlite3


def unnamed_database(schema: str, cache_kib: int = 16 << 10) -> sqlite3.Connection:
    """Used by one thread at a time, whichever that is."""
    database = sqlite3.connect("", check_same_thread=False)
    database.executescript(f"PRAGMA cache_size = -{cache_kib}; PRAGMA synchronous = OFF; {schema}")
    return database

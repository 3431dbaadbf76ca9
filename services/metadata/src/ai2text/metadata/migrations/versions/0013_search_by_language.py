"""Search by each language's rules: the words of what people see, in a table of its own that follows by triggers."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LANGUAGES = {
    "ar": "arabic",
    "hy": "armenian",
    "eu": "basque",
    "ca": "catalan",
    "da": "danish",
    "nl": "dutch",
    "en": "english",
    "fi": "finnish",
    "fr": "french",
    "de": "german",
    "el": "greek",
    "hi": "hindi",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "no": "norwegian",
    "nn": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "es": "spanish",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
"""Whisper's codes, and the stemmers that every PostgreSQL from 14 on has."""

BLANK = " \u00a0\u2009\u202f\u3000\ue000\ue001"
PUNCTUATION = "“”„‟‘’‚‛«»‹›…–—‐‑―¿¡·•。、！？，：；「」『』（）"  # noqa: RUF001 - these very characters
"""In a database of the locale C every character beyond ASCII counts as a letter."""

MOST_CHARACTERS = 50_000
"""Of one segment; a tsvector holds a megabyte, and nothing that is said may fail to be saved."""
MOST_BYTES = 2000
"""Of one word, of which a tsvector takes 2,046 and four are not the word's."""

VISIBLE = """
    JOIN transcripts t ON t.recording_id = r.recording_id AND t.revision = r.current_revision
    JOIN {segments} s ON s.recording_id = r.recording_id AND s.revision = coalesce(t.base, t.revision)
        AND s.until IS NULL
"""
SAVE = """
    INSERT INTO segment_words (tenant, position, segment_id, recording_id, revision, since, place, language, words)
    SELECT r.tenant, r.position, s.segment_id, s.recording_id, s.revision, s.since, s.place, t.language,
        words_of(s.text, t.language, r.tenant)
"""
AGAIN = """
    ON CONFLICT (tenant, position, segment_id) DO UPDATE SET revision = excluded.revision, since = excluded.since,
        place = excluded.place, language = excluded.language, words = excluded.words
"""
FORGET = """
    DELETE FROM segment_words w USING removed s JOIN recordings r USING (recording_id)
    WHERE (w.tenant, w.position, w.segment_id) = (r.tenant, r.position, s.segment_id)
        AND (w.revision, w.since) = (s.revision, s.since);
"""
ADDED = f"{SAVE} FROM recordings r {VISIBLE.format(segments='added')} {AGAIN};"
SEEN = """
    FROM (
        SELECT a.*, coalesce(b.base, b.revision) AS before FROM added a JOIN removed o USING (recording_id)
        LEFT JOIN transcripts b ON b.recording_id = o.recording_id AND b.revision = o.current_revision
        WHERE a.current_revision IS DISTINCT FROM o.current_revision
    ) AS r
"""
TRIGGERS = {
    ("segments", "INSERT"): ADDED,
    ("segments", "UPDATE"): FORGET + ADDED,
    ("segments", "DELETE"): FORGET,
    ("recordings", "UPDATE"): f"""
    DELETE FROM segment_words w USING (SELECT r.*, coalesce(t.base, t.revision) AS now {SEEN} LEFT JOIN transcripts t
        ON t.recording_id = r.recording_id AND t.revision = r.current_revision) AS r
    WHERE (w.tenant, w.position) = (r.tenant, r.position) AND r.before IS DISTINCT FROM r.now;
    {SAVE} {SEEN} {VISIBLE.format(segments="segments")} WHERE s.revision IS DISTINCT FROM r.before {AGAIN};""",  # noqa: S608 - constants
}
"""Of each statement; whatever the order within a transaction, what is seen at its end is what is found."""
NARROWED = """
    ($6 IS NULL OR r.recording_id = $6) AND ($5 IS NULL OR r.listed_at > $5 AND r.created_at > $5)
    AND ($4 IS NULL OR EXISTS (SELECT FROM recording_tags g WHERE g.recording_id = r.recording_id AND g.tag = $4))
"""
SAMPLED, OFTEN = 2000, 60
"""Of the newest segments so many are looked at; with more hits than that the newest are read one after the other."""
NEARBY = 100_000
"""So far at most: then the words are looked up in the index after all, as those that are not heard often."""
FEW = 2000
"""Recordings that are read by their positions, when filters leave no more."""
EVERY = ",".join(["simple", *(f"ai2text_{name}" for name in sorted(set(LANGUAGES.values())))])
NAMED = {
    "INSERT": "NEW TABLE AS added",
    "UPDATE": "NEW TABLE AS added OLD TABLE AS removed",
    "DELETE": "OLD TABLE AS removed",
}


def upgrade() -> None:
    _make_configurations()
    _make_words()
    _make_search()


def _make_configurations() -> None:
    """Without stop words: a phrase is made of them, and a word that says little in one language is a name in another.

    `pg_c_utf8` is the same everywhere and knows all letters; servers before 17 have the database's own rules.
    """
    for name in sorted(set(LANGUAGES.values())):
        op.execute(f"""
        CREATE TEXT SEARCH DICTIONARY ai2text_{name} (TEMPLATE = snowball, LANGUAGE = {name});
        CREATE TEXT SEARCH CONFIGURATION ai2text_{name} (COPY = simple);
        ALTER TEXT SEARCH CONFIGURATION ai2text_{name} ALTER MAPPING FOR asciihword, asciiword, hword, hword_asciipart,
            hword_part, word WITH ai2text_{name};
        """)
    cases = " ".join(f"WHEN '{code}' THEN 'ai2text_{name}'::regconfig" for code, name in LANGUAGES.items())
    op.execute(rf"""
    CREATE FUNCTION search_configuration(language text) RETURNS regconfig LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE language {cases} ELSE 'simple'::regconfig END
    $$;
    DO $do$
    DECLARE rules text := CASE WHEN EXISTS (SELECT FROM pg_collation WHERE collname = 'pg_c_utf8')
        THEN 'COLLATE pg_c_utf8' ELSE '' END;
    BEGIN EXECUTE format($make$
        CREATE FUNCTION folded(text text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT translate(lower(text %s), '{BLANK}{PUNCTUATION}', '{" " * len(BLANK + PUNCTUATION)}')
        $$ $make$, rules);
    END $do$;
    COMMENT ON FUNCTION folded IS 'As it is searched: as many characters as before, in lower case.';

    CREATE FUNCTION own_words(tenant text, configuration regconfig) RETURNS text LANGUAGE sql STABLE AS $$
        SELECT left(encode(sha256(convert_to(tenant || chr(1) || split_part(configuration::text, '.', -1), 'UTF8')),
            'base64'), 4)
    $$;
    COMMENT ON FUNCTION own_words IS
        'Before each word: a look into the index meets those of one tenant and language, however many others have.';

    CREATE FUNCTION of_tenant(query tsquery, tenant text, configuration regconfig) RETURNS tsquery
        LANGUAGE sql STABLE AS $$
        SELECT regexp_replace(query::text, $word$'((?:[^']|'')*)'$word$,
            format($word$'%s\1'$word$, own_words(tenant, configuration)), 'g')::tsquery
    $$;
    """)  # noqa: S608 - constants


def _make_words() -> None:
    op.execute(rf"""
    CREATE FUNCTION words_of(text text, language text, tenant text) RETURNS tsvector LANGUAGE sql STABLE AS $$
        SELECT coalesce(string_agg(
            '''' || own || replace(replace(lexeme, '\', '\\'), '''', '''''') || ''''
            || coalesce(':' || array_to_string(positions, ','), ''), ' '), '')::tsvector
        FROM (
            SELECT folded(left(text, {MOST_CHARACTERS})) AS said, search_configuration(language) AS configuration,
                own_words(tenant, search_configuration(language)) AS own
            OFFSET 0  -- once, not for each word
        ) AS folding, unnest(to_tsvector(configuration, said) || strip(to_tsvector('simple', said)))
        WHERE octet_length(lexeme) < {MOST_BYTES}
    $$;
    COMMENT ON FUNCTION words_of IS 'Stems with their places, and, for prefixes, the words as they were said.';

    CREATE TABLE segment_words (
        tenant text NOT NULL,
        position bigint NOT NULL,
        segment_id uuid NOT NULL,
        recording_id uuid NOT NULL,
        revision integer NOT NULL,
        since integer NOT NULL,
        place numeric NOT NULL,
        language text NOT NULL,
        words tsvector NOT NULL
    );
    COMMENT ON TABLE segment_words IS 'The segments that people see now, and no others; kept by triggers.';
    COMMENT ON COLUMN segment_words.position IS 'That of the recording: the newest last.';
    {SAVE} FROM recordings r {VISIBLE.format(segments="segments")} ORDER BY r.position, s.place;
    ALTER TABLE segment_words ADD PRIMARY KEY (tenant, position, segment_id);
    CREATE INDEX segments_by_words ON segment_words USING gin (words) WITH (gin_pending_list_limit = 1024);
    DROP INDEX segments_by_word;

    ALTER TABLE segment_words ENABLE ROW LEVEL SECURITY;
    ALTER TABLE segment_words FORCE ROW LEVEL SECURITY;
    CREATE POLICY of_all ON segment_words TO ai2text_writer USING (true) WITH CHECK (true);
    GRANT SELECT, INSERT, UPDATE, DELETE ON segment_words TO ai2text_writer;
    """)  # noqa: S608 - constants
    for (table, event), statements in TRIGGERS.items():
        name = f"find_{table}_on_{event.lower()}"
        op.execute(f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statements} RETURN NULL; END $$;
        CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {NAMED[event]}
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """)


def _make_search() -> None:
    """The old function is for a replica of the version before this one."""
    op.execute(f"""
    CREATE FUNCTION find_segments(
        configurations regconfig[], queries tsquery[], prefixes tsquery, only_language text, only_tag text,
        only_after timestamptz, only_recording uuid, headline text, most_ranked integer, most integer)
        RETURNS TABLE (recording_id uuid, segment uuid, start float8, "end" float8, text text, stems text,
            beginnings text, more boolean)
        LANGUAGE plpgsql STABLE SECURITY DEFINER
        SET search_path = public SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET jit = off
    AS $$
    #variable_conflict use_column
    DECLARE
        asking CONSTANT text := current_setting('ai2text.tenant');
        own_queries CONSTANT tsquery[] := ARRAY(
            SELECT of_tenant(query, asking, configuration)
            FROM unnest(configurations, queries) WITH ORDINALITY AS u (configuration, query, n) ORDER BY n);
        asked CONSTANT tsquery := (
            SELECT string_agg(format('(%s)', query), ' | ')
            FROM unnest(own_queries) AS query WHERE numnode(query) > 0);
        newest CONSTANT text := 'SELECT * FROM segment_words WHERE tenant = $2 ORDER BY position DESC LIMIT ';
        narrowed CONSTANT boolean := coalesce(only_tag, only_after::text, only_recording::text) IS NOT NULL;
        positions bigint[];
        frequent boolean;
        ways text[] := ARRAY['SELECT * FROM segment_words WHERE words @@ $1 AND tenant = $2 ORDER BY -position'];
        way text;
        candidates segment_words[];
    BEGIN
        IF narrowed THEN
            positions := ARRAY(
                SELECT r.position FROM recordings r WHERE r.tenant = asking
                    AND (only_recording IS NULL OR r.recording_id = only_recording)
                    AND (only_after IS NULL OR r.listed_at > only_after AND r.created_at > only_after)
                    AND (only_tag IS NULL OR r.recording_id IN (
                        SELECT g.recording_id FROM recording_tags g WHERE g.tenant = asking AND g.tag = only_tag))
                LIMIT {FEW} + 1);
        END IF;
        IF cardinality(positions) <= {FEW} THEN
            ways := ARRAY['SELECT * FROM segment_words WHERE tenant = $2 AND position = ANY ($7) ORDER BY -position'];
        ELSE
            EXECUTE format('SELECT count(*) > {OFTEN} FROM (%s) AS w WHERE words @@ $1', newest || {SAMPLED})
            INTO frequent USING asked, asking;
            IF frequent THEN
                ways := (newest || {NEARBY}) || ways;
            END IF;
        END IF;
        FOREACH way IN ARRAY ways LOOP
            EXECUTE format($search$
                SELECT ARRAY(SELECT ROW(w.*)::segment_words FROM (%s) AS w
                    WHERE w.words @@ $1 AND ($3 IS NULL OR w.language = $3)
                        AND ($4 IS NULL AND $5 IS NULL AND $6 IS NULL OR EXISTS (
                            SELECT FROM recordings r WHERE r.recording_id = w.recording_id AND {NARROWED}))
                    LIMIT $8 + 1) $search$, way)
            INTO candidates
            USING asked, asking, only_language, only_tag, only_after, only_recording, positions, most_ranked;
            EXIT WHEN cardinality(candidates) > most_ranked;
        END LOOP;
        RETURN QUERY
            SELECT s.recording_id, s.segment_id, s.start_seconds, s.end_seconds, s.text,
                ts_headline(search_configuration(b.language), folded(s.text),
                    queries[array_position(configurations, search_configuration(b.language))], headline),
                CASE WHEN numnode(prefixes) > 0 THEN ts_headline('simple', folded(s.text), prefixes, headline) END,
                cardinality(candidates) > most_ranked
            FROM (
                SELECT c.*, ts_rank(c.words,
                    own_queries[array_position(configurations, search_configuration(c.language))]) AS rank
                FROM unnest(candidates[1 : most_ranked]) AS c
                ORDER BY rank DESC, c.position DESC, c.place LIMIT most) AS b
            JOIN segments s ON s.tenant = asking AND s.recording_id = b.recording_id AND s.revision = b.revision
                AND s.segment_id = b.segment_id AND s.since = b.since
            ORDER BY b.rank DESC, b.position DESC, b.place;
    END $$;
    COMMENT ON FUNCTION find_segments IS
        'As its owner, for the tenant of the transaction: under row-level security @@ would not use its index.';
    REVOKE EXECUTE ON FUNCTION find_segments FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION find_segments TO ai2text_reader;

    CREATE OR REPLACE FUNCTION search_segments(query text, marks text, headline text, most integer)
        RETURNS TABLE (recording_id uuid, segment uuid, start float8, "end" float8, text text, highlight text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
        SELECT f.recording_id, f.segment, f.start, f."end", f.text, f.stems
        FROM (
            SELECT array_agg(c) AS configurations, array_agg(websearch_to_tsquery(c, folded(query))) AS queries
            FROM unnest('{{{EVERY}}}'::regconfig[]) AS c
        ) AS asked,
        find_segments(configurations, queries, '', NULL, NULL, NULL, NULL, headline, 2000, most) AS f
    $$;
    """)  # noqa: S608 - constants

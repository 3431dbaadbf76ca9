"""What a correction of each transcript is expected to gain, and the recordings that wait for one in that order."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CHANGED = {
    "INSERT": ("NEW TABLE AS added", "SELECT *, 1 AS step FROM added"),
    "DELETE": ("OLD TABLE AS removed", "SELECT *, -1 AS step FROM removed"),
    "UPDATE": (
        "NEW TABLE AS added OLD TABLE AS removed",
        "SELECT *, 1 AS step FROM added UNION ALL SELECT *, -1 FROM removed",
    ),
}
FOLLOWED = ("status", "language", "to_review", "duration_seconds")
"""What a recording's tags have of it."""
TAGGED = f"""
    INSERT INTO recording_tags (recording_id, tag, tenant, listed_at, position, {", ".join(FOLLOWED)})
    SELECT a.recording_id, tag, a.tenant, a.listed_at, a.position, {", ".join(f"a.{name}" for name in FOLLOWED)}
"""
TAGS = {
    "insert": f"{TAGGED} FROM added a, unnest(a.tags) AS tag ON CONFLICT DO NOTHING;",
    "update": f"""
    DELETE FROM recording_tags t USING added a JOIN removed r USING (recording_id)
    WHERE t.recording_id = a.recording_id AND a.tags <> r.tags AND t.tag <> ALL (a.tags);
    UPDATE recording_tags t SET {", ".join(f"{name} = a.{name}" for name in FOLLOWED)}
    FROM added a JOIN removed r USING (recording_id)
    WHERE t.recording_id = a.recording_id
        AND ({", ".join(f"a.{name}" for name in FOLLOWED)}) IS DISTINCT FROM
            ({", ".join(f"r.{name}" for name in FOLLOWED)});
    {TAGGED} FROM added a JOIN removed r USING (recording_id), unnest(a.tags) AS tag
    WHERE a.tags <> r.tags ON CONFLICT DO NOTHING;""",  # noqa: S608 - constants
}


def upgrade() -> None:
    """The gain is the database's own to keep: a replica of the version before this one makes transcripts current too.

    The estimate's weights are explained in docs/decisions/0020-review-queue.md; other ones are another migration, which
    estimates anew.
    """
    op.execute("""
    ALTER TABLE transcripts
        ADD COLUMN duration_seconds double precision,
        ADD COLUMN speech_seconds double precision,
        ADD COLUMN second_hearings jsonb;
    COMMENT ON COLUMN transcripts.duration_seconds IS 'Of the audio that was heard.';
    COMMENT ON COLUMN transcripts.speech_seconds IS 'What was left of it without pauses.';
    COMMENT ON COLUMN transcripts.second_hearings IS 'Stretches that were decoded again, why, and which result stands.';

    ALTER TABLE recordings ADD COLUMN expected_gain integer, ADD COLUMN doubts jsonb;
    COMMENT ON COLUMN recordings.expected_gain IS
        'Thousandths of a word error that a correction would remove in a minute of audio; kept by a trigger.';
    COMMENT ON COLUMN recordings.doubts IS 'What expected_gain consists of, and the places that have most of it.';
    """)
    _estimate()
    op.execute("""
    UPDATE recordings r SET expected_gain = e.gain, doubts = e.doubts
    FROM recordings known, LATERAL estimate_review(known.recording_id, known.current_revision) AS e
    WHERE r.recording_id = known.recording_id AND known.current_revision IS NOT NULL;

    ALTER TABLE recordings ADD COLUMN to_review integer
        GENERATED ALWAYS AS (CASE WHEN review = 'unreviewed' THEN expected_gain END) STORED;
    COMMENT ON COLUMN recordings.to_review IS 'The expected gain of who waits for a review; nobody else has one.';
    CREATE INDEX recordings_to_review ON recordings (tenant, to_review DESC, position DESC)
        WHERE to_review IS NOT NULL;
    CREATE INDEX recordings_to_review_by_language ON recordings (tenant, language, to_review DESC, position DESC)
        WHERE to_review IS NOT NULL;
    """)
    _tag()
    _count()


def _estimate() -> None:
    op.execute("""
    CREATE FUNCTION estimate_review(recording uuid, wanted integer, OUT gain integer, OUT doubts jsonb)
        LANGUAGE sql STABLE AS $$
        WITH heard AS (
            SELECT m.revision, m.speech_seconds, coalesce(m.second_hearings, '[]') AS second_hearings,
                greatest(coalesce(m.duration_seconds, r.duration_seconds), 1) AS seconds
            FROM recordings r
            JOIN transcripts t ON t.recording_id = r.recording_id AND t.revision = wanted
            JOIN transcripts m ON m.recording_id = r.recording_id AND m.revision = coalesce(t.base, t.revision)
            WHERE r.recording_id = recording
        ), spoken AS (
            SELECT s.segment_id, s.start_seconds, s.end_seconds,
                least(coalesce(s.compression_ratio, 0), 10)::float8 AS ratio,
                greatest(s.end_seconds - s.start_seconds, 0) AS seconds, coalesce(s.temperature > 0, false) AS guessed,
                exp(greatest(least(coalesce(s.avg_logprob, 0), 0), -20)::float8) AS confidence
            FROM segments s JOIN heard USING (revision) WHERE s.recording_id = recording AND s.since = 0
        ), weighed AS (
            SELECT *, 4 * seconds * (1 - confidence) AS doubted, CASE WHEN guessed THEN seconds ELSE 0 END AS drawn,
                1.4 * seconds * greatest(ratio - 1.2, 0) AS repeated
            FROM spoken
        ), unclear AS (
            SELECT h.start, h."end", greatest(h."end" - h.start, 0) AS seconds
            FROM heard, jsonb_to_recordset(second_hearings) AS h (start float8, "end" float8, kept boolean)
            WHERE NOT h.kept
        ), summed AS (
            SELECT coalesce(sum(seconds), 0) AS covered, coalesce(sum(doubted), 0) AS doubted,
                coalesce(sum(repeated), 0) AS repeated, coalesce(sum(drawn), 0) AS drawn,
                coalesce(sum(seconds * confidence) / nullif(sum(seconds), 0), 0) AS confidence,
                coalesce(max(ratio), 0) AS ratio,
                (SELECT coalesce(sum(u.seconds), 0) FROM unclear u) AS unclear
            FROM weighed
        ), reasons AS (
            SELECT code, errors, measure FROM heard, summed, LATERAL (VALUES
                ('low_confidence', doubted, confidence),
                ('uncovered_speech', 2 * greatest(0.8 * coalesce(speech_seconds, 0) - covered, 0),
                    greatest(coalesce(speech_seconds, 0) - covered, 0)),
                ('heard_again', unclear, unclear),
                ('repetition', repeated, ratio),
                ('high_temperature', drawn, drawn)
            ) AS each (code, errors, measure)
        ), places AS (
            SELECT segment_id, start_seconds AS start, end_seconds AS "end", doubted + repeated + drawn AS errors
            FROM weighed
            UNION ALL SELECT NULL, start, "end", seconds FROM unclear
            ORDER BY errors DESC, start LIMIT 5
        )
        SELECT least(round(60000 * sum(errors) / seconds), 2000000000)::integer, jsonb_build_object(
            'word_errors', round(sum(errors)::numeric, 1),
            'reasons', coalesce(jsonb_agg(jsonb_build_object('code', code, 'word_errors', round(errors::numeric, 1),
                'measure', round(measure::numeric, 2)) ORDER BY errors DESC) FILTER (WHERE errors >= 0.05), '[]'),
            'places', (SELECT coalesce(jsonb_agg(jsonb_build_object('segment', segment_id, 'start', start, 'end', "end",
                'word_errors', round(errors::numeric, 1)) ORDER BY errors DESC, start), '[]')
                FROM places WHERE errors >= 0.05))
        FROM heard, reasons GROUP BY seconds
    $$;
    COMMENT ON FUNCTION estimate_review IS 'Of a revision as the machine heard it, whatever people changed of it.';

    CREATE FUNCTION estimate_current() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.current_revision IS NOT NULL AND (
            SELECT count(*) > 1 AND count(DISTINCT coalesce(base, revision)) = 1 FROM transcripts
            WHERE recording_id = NEW.recording_id AND revision IN (OLD.current_revision, NEW.current_revision)
        ) THEN RETURN NEW; END IF;  -- people changed it, who save often
        SELECT e.gain, e.doubts INTO NEW.expected_gain, NEW.doubts
        FROM estimate_review(NEW.recording_id, NEW.current_revision) AS e;
        RETURN NEW;
    END $$;
    CREATE TRIGGER estimate_current BEFORE UPDATE OF current_revision ON recordings FOR EACH ROW
        WHEN (NEW.current_revision IS DISTINCT FROM OLD.current_revision) EXECUTE FUNCTION estimate_current();
    """)


def _tag() -> None:
    op.execute("""
    ALTER TABLE recording_tags ADD COLUMN to_review integer, ADD COLUMN duration_seconds double precision;
    UPDATE recording_tags t SET to_review = r.to_review, duration_seconds = r.duration_seconds
    FROM recordings r WHERE r.recording_id = t.recording_id;
    CREATE INDEX tags_to_review ON recording_tags (tenant, tag, to_review DESC, position DESC)
        INCLUDE (duration_seconds) WHERE to_review IS NOT NULL;
    CREATE INDEX tags_to_review_by_language ON recording_tags (tenant, tag, language, to_review DESC, position DESC)
        INCLUDE (duration_seconds) WHERE to_review IS NOT NULL;
    """)
    for event, statements in TAGS.items():
        op.execute(f"""
        CREATE OR REPLACE FUNCTION tag_recordings_on_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN {statements} RETURN NULL; END $$;
        """)


def _count() -> None:
    """As status_counts: each transaction adds lines, which touch nobody else's, and they are folded into fewer."""
    op.execute("""
    CREATE TABLE review_counts (
        tenant text NOT NULL,
        language text NOT NULL,
        n bigint NOT NULL,
        audio_seconds numeric NOT NULL
    );
    COMMENT ON TABLE review_counts IS 'How much waits for a review, as the sum of all lines; kept by triggers.';
    CREATE INDEX review_counts_by_tenant ON review_counts (tenant);
    ALTER TABLE review_counts ENABLE ROW LEVEL SECURITY;
    ALTER TABLE review_counts FORCE ROW LEVEL SECURITY;
    CREATE POLICY of_tenant ON review_counts FOR SELECT TO ai2text_reader
        USING (tenant = current_setting('ai2text.tenant', true));
    CREATE POLICY of_all ON review_counts TO ai2text_writer USING (true) WITH CHECK (true);
    GRANT SELECT ON review_counts TO ai2text_reader;
    GRANT SELECT, INSERT, UPDATE, DELETE ON review_counts TO ai2text_writer;
    """)
    op.execute(_lines("SELECT *, 1 AS step FROM recordings"))
    for event, (named, changed) in CHANGED.items():
        name = f"count_review_on_{event.lower()}"
        op.execute(f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_lines(changed)} RETURN NULL; END $$;
        CREATE TRIGGER {name} AFTER {event} ON recordings REFERENCING {named}
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """)


def _lines(changed: str) -> str:
    return f"""
    INSERT INTO review_counts (tenant, language, n, audio_seconds)
    SELECT tenant, coalesce(language, ''), sum(step), sum(step * coalesce(duration_seconds, 0)::numeric)
    FROM ({changed}) AS changed WHERE to_review IS NOT NULL GROUP BY tenant, coalesce(language, '')
    HAVING sum(step) <> 0 OR sum(step * coalesce(duration_seconds, 0)::numeric) <> 0;
    """  # noqa: S608 - constants

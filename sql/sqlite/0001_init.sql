-- The result store in SQLite. docs/architecture.md explains the words and the invariants I1 to I9.
--
-- Times are integers: ms since 1970-01-01 00:00 UTC. Durations are integers in µs. Names and the
-- ids of spans are BLOBs: collations could merge what differs only in case, accents or trailing
-- blanks. For people there are the views report_*: names as text, times as text in UTC.

-- One row: who is master.
CREATE TABLE cluster (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL CHECK (epoch >= 0),  -- The last one issued; only ever grows. 0: none yet.
  holder TEXT NOT NULL                        -- The node that took it.
);
INSERT INTO cluster (id, epoch, holder) VALUES (1, 0, '');

-- One attempt to compute one period [period_start, period_end).
CREATE TABLE run (
  run_id INTEGER PRIMARY KEY AUTOINCREMENT,  -- AUTOINCREMENT: no number is ever used again.
  period_start INTEGER NOT NULL,
  period_end INTEGER NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),  -- 1 for the first run of the period.
  epoch INTEGER NOT NULL,                         -- The mastership that planned it.
  state TEXT NOT NULL CHECK (state IN ('open', 'published', 'superseded', 'failed')),
  reason TEXT NOT NULL DEFAULT '',  -- Why it failed.
  slots INTEGER NOT NULL CHECK (slots >= 1),
  fingerprint BLOB NOT NULL,  -- Identity of the set of spans; empty where the source can't tell.
  settings TEXT NOT NULL,     -- What else decides the numbers: thresholds, filters.
  source TEXT NOT NULL,       -- Where the spans came from, for people.
  unplaced INTEGER NOT NULL CHECK (unplaced >= 0),  -- Rejected records without a usable start.
  created_ms INTEGER NOT NULL,
  published_ms INTEGER,  -- NULL until it is published.
  CHECK (period_start < period_end),
  CHECK ((published_ms IS NOT NULL) = (state IN ('published', 'superseded'))),
  UNIQUE (period_start, attempt)
);
-- I5: at most one run of a period counts, and at most one is being computed.
CREATE UNIQUE INDEX run_published ON run (period_start) WHERE state = 'published';
CREATE UNIQUE INDEX run_open ON run (period_start) WHERE state = 'open';

-- The ledger: whose a slot range [slot_from, slot_to) of a run is, under which token, done or not.
CREATE TABLE fragment (
  run_id INTEGER NOT NULL,
  fragment_no INTEGER NOT NULL CHECK (fragment_no >= 0),
  slot_from INTEGER NOT NULL CHECK (slot_from >= 0),
  slot_to INTEGER NOT NULL,
  node TEXT NOT NULL,
  token INTEGER NOT NULL CHECK (token >= 1),  -- Grows with each hand-over; an older one is fenced.
  state TEXT NOT NULL CHECK (state IN ('assigned', 'done')),
  spans_expected INTEGER NOT NULL DEFAULT 0,  -- What the source promised. From here on: set when
  spans_read INTEGER NOT NULL DEFAULT 0,      -- done. Rejected spans are part of both numbers.
  spans_rejected INTEGER NOT NULL DEFAULT 0,  -- By reason: table rejection.
  calls INTEGER NOT NULL DEFAULT 0,           -- Sum over the fragment's result rows.
  result_rows INTEGER NOT NULL DEFAULT 0,     -- Rows in endpoint_stat.
  started_ms INTEGER NOT NULL,                -- When it was given to `node`.
  done_ms INTEGER,                            -- NULL until it is done.
  PRIMARY KEY (run_id, fragment_no),
  CHECK (slot_from < slot_to),
  CHECK ((done_ms IS NOT NULL) = (state = 'done'))
) WITHOUT ROWID;

-- Why spans of a fragment don't count. Reasons without spans have no row.
CREATE TABLE rejection (
  run_id INTEGER NOT NULL,
  fragment_no INTEGER NOT NULL,
  reason TEXT NOT NULL,
  spans INTEGER NOT NULL CHECK (spans > 0),
  PRIMARY KEY (run_id, fragment_no, reason)
) WITHOUT ROWID;

-- The names behind an id. Rows are never changed, and shared by all runs.
CREATE TABLE endpoint (
  -- XXH3 (64 bits) of level and names, as two's complement: ids from 2^63 on are negative here.
  endpoint_id INTEGER PRIMARY KEY,
  level TEXT NOT NULL CHECK (level IN ('method', 'service', 'app')),
  app BLOB NOT NULL,
  service BLOB NOT NULL,       -- Empty at level app.
  method BLOB NOT NULL,        -- Empty at the levels service and app.
  first_seen INTEGER NOT NULL  -- When the row was written.
);
CREATE INDEX endpoint_app ON endpoint (level, app);

-- The numbers of one endpoint, service or app in one period, as one run counted them.
CREATE TABLE endpoint_stat (
  period_start INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  fragment_no INTEGER,  -- The fragment and token that committed the row (I3); both are NULL in rows
  token INTEGER,        -- of services and apps, which are written when the run is published.
  calls INTEGER NOT NULL CHECK (calls >= 1),
  errors INTEGER NOT NULL CHECK (errors BETWEEN 0 AND calls),
  satisfied INTEGER NOT NULL CHECK (satisfied >= 0),    -- Apdex: no error, duration <= T.
  tolerating INTEGER NOT NULL CHECK (tolerating >= 0),  -- Apdex: no error, T < duration <= 4T.
  duration_sum_us INTEGER NOT NULL,
  duration_sumsq REAL NOT NULL,  -- Sum of the squares of the durations, in µs^2.
  min_us INTEGER NOT NULL,
  max_us INTEGER NOT NULL,
  p50_us INTEGER NOT NULL,  -- Percentiles by nearest rank, as SQL's PERCENTILE_DISC.
  p75_us INTEGER NOT NULL,
  p90_us INTEGER NOT NULL,
  p95_us INTEGER NOT NULL,
  p99_us INTEGER NOT NULL,
  p999_us INTEGER NOT NULL,
  exact INTEGER NOT NULL CHECK (exact IN (0, 1)),  -- 0: the percentiles come from the histogram.
  histogram BLOB NOT NULL,  -- Counts of durations in buckets, mergeable; last, as only few read it.
  PRIMARY KEY (period_start, endpoint_id, run_id),
  CHECK ((fragment_no IS NULL) = (token IS NULL)),
  CHECK (satisfied + tolerating + errors <= calls),
  CHECK (0 <= min_us AND min_us <= p50_us AND p50_us <= p75_us AND p75_us <= p90_us
         AND p90_us <= p95_us AND p95_us <= p99_us AND p99_us <= p999_us AND p999_us <= max_us)
) WITHOUT ROWID;

-- The slowest calls of each method.
CREATE TABLE slow_call (
  run_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  rank INTEGER NOT NULL CHECK (rank >= 1),  -- 1 is the slowest.
  duration_us INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  error INTEGER NOT NULL CHECK (error IN (0, 1)),
  trace_id BLOB NOT NULL,  -- Empty where the span had none; likewise span_id.
  span_id BLOB NOT NULL,
  PRIMARY KEY (run_id, endpoint_id, rank)
) WITHOUT ROWID;

-- Views: published runs only, but for report_period (I5). Rates and apdex are in [0, 1].

CREATE VIEW report_method AS
SELECT strftime('%Y-%m-%d %H:%M:%f', r.period_start / 1000.0, 'unixepoch') AS period_start,
       CAST(e.app AS TEXT) AS app, CAST(e.service AS TEXT) AS service,
       CAST(e.method AS TEXT) AS method, s.calls, s.errors,
       CAST(s.errors AS REAL) / s.calls AS error_rate,
       (s.satisfied + s.tolerating / 2.0) / s.calls AS apdex, s.satisfied, s.tolerating,
       s.duration_sum_us, CAST(s.duration_sum_us AS REAL) / s.calls AS mean_us,
       s.min_us, s.p50_us, s.p75_us, s.p90_us, s.p95_us, s.p99_us, s.p999_us, s.max_us, s.exact,
       r.run_id
FROM run r
JOIN endpoint_stat s ON s.period_start = r.period_start AND s.run_id = r.run_id
JOIN endpoint e ON e.endpoint_id = s.endpoint_id
WHERE r.state = 'published' AND e.level = 'method';

CREATE VIEW report_service AS
SELECT strftime('%Y-%m-%d %H:%M:%f', r.period_start / 1000.0, 'unixepoch') AS period_start,
       CAST(e.app AS TEXT) AS app, CAST(e.service AS TEXT) AS service, s.calls, s.errors,
       CAST(s.errors AS REAL) / s.calls AS error_rate,
       (s.satisfied + s.tolerating / 2.0) / s.calls AS apdex, s.satisfied, s.tolerating,
       s.duration_sum_us, CAST(s.duration_sum_us AS REAL) / s.calls AS mean_us,
       s.min_us, s.p50_us, s.p75_us, s.p90_us, s.p95_us, s.p99_us, s.p999_us, s.max_us, s.exact,
       r.run_id
FROM run r CROSS JOIN endpoint e  -- CROSS: few endpoints, so that no method row is read.
CROSS JOIN endpoint_stat s
  ON s.period_start = r.period_start AND s.endpoint_id = e.endpoint_id AND s.run_id = r.run_id
WHERE r.state = 'published' AND e.level = 'service';

CREATE VIEW report_app AS
SELECT strftime('%Y-%m-%d %H:%M:%f', r.period_start / 1000.0, 'unixepoch') AS period_start,
       CAST(e.app AS TEXT) AS app, s.calls, s.errors,
       CAST(s.errors AS REAL) / s.calls AS error_rate,
       (s.satisfied + s.tolerating / 2.0) / s.calls AS apdex, s.satisfied, s.tolerating,
       s.duration_sum_us, CAST(s.duration_sum_us AS REAL) / s.calls AS mean_us,
       s.min_us, s.p50_us, s.p75_us, s.p90_us, s.p95_us, s.p99_us, s.p999_us, s.max_us, s.exact,
       r.run_id
FROM run r CROSS JOIN endpoint e  -- CROSS: few endpoints, so that no method row is read.
CROSS JOIN endpoint_stat s
  ON s.period_start = r.period_start AND s.endpoint_id = e.endpoint_id AND s.run_id = r.run_id
WHERE r.state = 'published' AND e.level = 'app';

CREATE VIEW report_slow_call AS
SELECT strftime('%Y-%m-%d %H:%M:%f', r.period_start / 1000.0, 'unixepoch') AS period_start,
       CAST(e.app AS TEXT) AS app, CAST(e.service AS TEXT) AS service,
       CAST(e.method AS TEXT) AS method, c.rank, c.duration_us,
       strftime('%Y-%m-%d %H:%M:%f', c.start_ms / 1000.0, 'unixepoch') AS start_time, c.error,
       CAST(c.trace_id AS TEXT) AS trace_id, CAST(c.span_id AS TEXT) AS span_id, r.run_id
FROM run r
JOIN slow_call c ON c.run_id = r.run_id
JOIN endpoint e ON e.endpoint_id = c.endpoint_id
WHERE r.state = 'published';

-- For each period the run that counts: the published one, else the open one, else the last that
-- failed; and how complete it is, as the sum over its fragments.
CREATE VIEW report_period AS
SELECT strftime('%Y-%m-%d %H:%M:%f', r.period_start / 1000.0, 'unixepoch') AS period_start,
       strftime('%Y-%m-%d %H:%M:%f', r.period_end / 1000.0, 'unixepoch') AS period_end,
       r.state, r.attempt, sum(f.spans_expected) AS spans_expected,
       sum(f.spans_read) AS spans_read, sum(f.spans_rejected) AS spans_rejected, r.unplaced,
       sum(f.calls) AS calls, r.source, r.reason, r.run_id,
       strftime('%Y-%m-%d %H:%M:%f', r.published_ms / 1000.0, 'unixepoch') AS published_at
FROM run r
JOIN fragment f ON f.run_id = r.run_id
WHERE r.run_id = (SELECT o.run_id FROM run o WHERE o.period_start = r.period_start
                  ORDER BY CASE o.state WHEN 'published' THEN 0 WHEN 'open' THEN 1
                                        WHEN 'failed' THEN 2 ELSE 3 END, o.attempt DESC
                  LIMIT 1)
GROUP BY r.run_id;

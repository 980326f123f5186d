-- The result store in MySQL 8/9 and MariaDB 10.6 and later. docs/architecture.md explains the words
-- and the invariants I1 to I9, docs/schema.md the tables one by one.
--
-- Times are integers: ms since 1970-01-01 00:00 UTC. Durations are integers in µs. Names and the
-- ids of spans are VARBINARY: collations would merge what differs only in case, accents or trailing
-- blanks. For people there are the views report_*: names as text, times as DATETIME(3) in UTC.
--
-- DDL commits by itself here, so a migration may be cut off half-way. Therefore each statement may
-- run twice: IF NOT EXISTS, OR REPLACE, ON DUPLICATE KEY.
--
-- No foreign keys (each row of results would lock its ledger row) and no second unique key on
-- results (its gap locks make fragments deadlock).

-- One row: who is master, and the numbers that are given out under its lock.
CREATE TABLE IF NOT EXISTS cluster (
  id TINYINT UNSIGNED NOT NULL PRIMARY KEY CHECK (id = 1),
  epoch BIGINT NOT NULL CHECK (epoch >= 0),  -- The last one issued; only ever grows. 0: none yet.
  holder VARBINARY(1024) NOT NULL,           -- The node that took it.
  last_run_id BIGINT NOT NULL                -- No number is ever used again.
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
INSERT INTO cluster (id, epoch, holder, last_run_id) VALUES (1, 0, '', 0)
  ON DUPLICATE KEY UPDATE id = 1;

-- One attempt to compute one period [period_start, period_end).
CREATE TABLE IF NOT EXISTS run (
  run_id BIGINT NOT NULL PRIMARY KEY,
  period_start BIGINT NOT NULL,
  period_end BIGINT NOT NULL,
  attempt INT NOT NULL CHECK (attempt >= 1),  -- 1 for the first run of the period.
  epoch BIGINT NOT NULL,                      -- The mastership that planned it.
  state ENUM('open', 'published', 'superseded', 'failed') CHARACTER SET ascii NOT NULL,
  reason MEDIUMBLOB NOT NULL,  -- Why it failed.
  slots INT UNSIGNED NOT NULL CHECK (slots >= 1),
  fingerprint MEDIUMBLOB NOT NULL,  -- Identity of the set of spans; empty: the source can't tell.
  settings MEDIUMBLOB NOT NULL,     -- What else decides the numbers: thresholds, filters.
  source MEDIUMBLOB NOT NULL,       -- Where the spans came from, for people.
  unplaced BIGINT UNSIGNED NOT NULL,  -- Rejected records without a usable start.
  plan_key BIGINT UNSIGNED NOT NULL,  -- Random: tells whoever lost the reply that the run is theirs.
  created_ms BIGINT NOT NULL,
  published_ms BIGINT,  -- NULL until it is published.
  -- I5: at most one run of a period counts, and at most one is being computed.
  published_start BIGINT AS (IF(state = 'published', period_start, NULL)) STORED,
  open_start BIGINT AS (IF(state = 'open', period_start, NULL)) STORED,
  CONSTRAINT run_period CHECK (period_start < period_end),
  CONSTRAINT run_published_ms
    CHECK ((published_ms IS NOT NULL) = (state IN ('published', 'superseded'))),
  UNIQUE KEY run_attempt (period_start, attempt),
  UNIQUE KEY run_published (published_start),
  UNIQUE KEY run_open (open_start)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- The ledger: whose a slot range [slot_from, slot_to) of a run is, under which token, done or not.
CREATE TABLE IF NOT EXISTS fragment (
  run_id BIGINT NOT NULL,
  fragment_no INT NOT NULL CHECK (fragment_no >= 0),
  slot_from INT UNSIGNED NOT NULL,
  slot_to INT UNSIGNED NOT NULL,
  node VARBINARY(1024) NOT NULL,
  token BIGINT NOT NULL CHECK (token >= 1),  -- Grows with each hand-over; an older one is fenced.
  state ENUM('assigned', 'done') CHARACTER SET ascii NOT NULL,
  spans_expected BIGINT UNSIGNED NOT NULL DEFAULT 0,  -- What the source promised. From here on: set
  spans_read BIGINT UNSIGNED NOT NULL DEFAULT 0,      -- when done. Rejected spans are part of both.
  spans_rejected BIGINT UNSIGNED NOT NULL DEFAULT 0,  -- By reason: table rejection.
  calls BIGINT UNSIGNED NOT NULL DEFAULT 0,           -- Sum over the fragment's result rows.
  result_rows BIGINT UNSIGNED NOT NULL DEFAULT 0,     -- Rows in endpoint_stat.
  started_ms BIGINT NOT NULL,                         -- When it was given to `node`.
  done_ms BIGINT,                                     -- NULL until it is done.
  PRIMARY KEY (run_id, fragment_no),
  CONSTRAINT fragment_slots CHECK (slot_from < slot_to),
  CONSTRAINT fragment_done CHECK ((done_ms IS NOT NULL) = (state = 'done'))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- Why spans of a fragment don't count. Reasons without spans have no row.
CREATE TABLE IF NOT EXISTS rejection (
  run_id BIGINT NOT NULL,
  fragment_no INT NOT NULL,
  reason VARBINARY(64) NOT NULL,
  spans BIGINT UNSIGNED NOT NULL CHECK (spans > 0),
  PRIMARY KEY (run_id, fragment_no, reason)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- The names behind an id. Rows are never changed, and shared by all runs.
CREATE TABLE IF NOT EXISTS endpoint (
  endpoint_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,  -- XXH3 (64 bits) of level and names.
  level ENUM('method', 'service', 'app') CHARACTER SET ascii NOT NULL,
  app VARBINARY(4096) NOT NULL,
  service VARBINARY(4096) NOT NULL,  -- Empty at level app.
  method VARBINARY(4096) NOT NULL,   -- Empty at the levels service and app.
  first_seen BIGINT NOT NULL,        -- When the row was written.
  KEY endpoint_app (level, app(128))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- The numbers of one endpoint, service or app in one period, as one run counted them. One partition
-- a day (UTC): `tymbal schema retain` creates them ahead and drops what has expired. p_future takes
-- what lies behind the last one, so that no insert ever fails for want of a partition.
CREATE TABLE IF NOT EXISTS endpoint_stat (
  period_start BIGINT NOT NULL,
  endpoint_id BIGINT UNSIGNED NOT NULL,
  run_id BIGINT NOT NULL,
  fragment_no INT,  -- The fragment and token that committed the row (I3); both are NULL in rows of
  token BIGINT,     -- services and apps, which are written when the run is published.
  calls BIGINT UNSIGNED NOT NULL,
  errors BIGINT UNSIGNED NOT NULL,
  satisfied BIGINT UNSIGNED NOT NULL,   -- Apdex: no error, duration <= T.
  tolerating BIGINT UNSIGNED NOT NULL,  -- Apdex: no error, T < duration <= 4T.
  duration_sum_us BIGINT UNSIGNED NOT NULL,
  duration_sumsq DOUBLE NOT NULL,  -- Sum of the squares of the durations, in µs^2.
  min_us BIGINT UNSIGNED NOT NULL,
  max_us BIGINT UNSIGNED NOT NULL,
  p50_us BIGINT UNSIGNED NOT NULL,  -- Percentiles by nearest rank, as SQL's PERCENTILE_DISC.
  p75_us BIGINT UNSIGNED NOT NULL,
  p90_us BIGINT UNSIGNED NOT NULL,
  p95_us BIGINT UNSIGNED NOT NULL,
  p99_us BIGINT UNSIGNED NOT NULL,
  p999_us BIGINT UNSIGNED NOT NULL,
  exact TINYINT UNSIGNED NOT NULL,  -- 0: the percentiles come from the histogram.
  histogram MEDIUMBLOB NOT NULL,    -- Counts of durations in buckets, mergeable.
  PRIMARY KEY (period_start, endpoint_id, run_id),
  CONSTRAINT stat_owner CHECK ((fragment_no IS NULL) = (token IS NULL)),
  CONSTRAINT stat_calls CHECK (calls >= 1 AND satisfied + tolerating + errors <= calls),
  CONSTRAINT stat_order CHECK (min_us <= p50_us AND p50_us <= p75_us AND p75_us <= p90_us
    AND p90_us <= p95_us AND p95_us <= p99_us AND p99_us <= p999_us AND p999_us <= max_us),
  CONSTRAINT stat_exact CHECK (exact IN (0, 1))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
PARTITION BY RANGE (period_start) (PARTITION p_future VALUES LESS THAN MAXVALUE);

-- The slowest calls of each method, partitioned as the numbers are.
CREATE TABLE IF NOT EXISTS slow_call (
  run_id BIGINT NOT NULL,
  endpoint_id BIGINT UNSIGNED NOT NULL,
  `rank` INT UNSIGNED NOT NULL CHECK (`rank` >= 1),  -- 1 is the slowest. RANK is a reserved word.
  period_start BIGINT NOT NULL,                        -- Of the run.
  duration_us BIGINT UNSIGNED NOT NULL,
  start_ms BIGINT NOT NULL,
  error TINYINT UNSIGNED NOT NULL CHECK (error IN (0, 1)),
  trace_id VARBINARY(4096) NOT NULL,  -- Empty where the span had none; likewise span_id.
  span_id VARBINARY(4096) NOT NULL,
  PRIMARY KEY (run_id, endpoint_id, `rank`, period_start)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
PARTITION BY RANGE (period_start) (PARTITION p_future VALUES LESS THAN MAXVALUE);

-- Views: published runs only, but for report_period (I5). Rates and apdex are in [0, 1]. SQL SECURITY
-- INVOKER: who reads a view needs the right to read its tables, and no account must outlive it.
-- Bytes that are no UTF-8 are shown as Latin-1 on MySQL, as question marks on MariaDB.

CREATE OR REPLACE SQL SECURITY INVOKER VIEW report_method AS
SELECT CAST(TIMESTAMP'1970-01-01 00:00:00' + INTERVAL r.period_start * 1000 MICROSECOND
         AS DATETIME(3)) AS period_start,
       IFNULL(CONVERT(e.app USING utf8mb4), CONVERT(CONVERT(e.app USING latin1) USING utf8mb4))
         AS app,
       IFNULL(CONVERT(e.service USING utf8mb4),
         CONVERT(CONVERT(e.service USING latin1) USING utf8mb4)) AS service,
       IFNULL(CONVERT(e.method USING utf8mb4),
         CONVERT(CONVERT(e.method USING latin1) USING utf8mb4)) AS method,
       s.calls, s.errors, s.errors * 1e0 / s.calls AS error_rate,
       (s.satisfied + s.tolerating / 2e0) / s.calls AS apdex, s.satisfied, s.tolerating,
       s.duration_sum_us, s.duration_sum_us * 1e0 / s.calls AS mean_us,
       s.min_us, s.p50_us, s.p75_us, s.p90_us, s.p95_us, s.p99_us, s.p999_us, s.max_us, s.exact,
       r.run_id
FROM run r
JOIN endpoint_stat s ON s.period_start = r.period_start AND s.run_id = r.run_id
JOIN endpoint e ON e.endpoint_id = s.endpoint_id
WHERE r.state = 'published' AND e.level = 'method';

CREATE OR REPLACE SQL SECURITY INVOKER VIEW report_service AS
SELECT CAST(TIMESTAMP'1970-01-01 00:00:00' + INTERVAL r.period_start * 1000 MICROSECOND
         AS DATETIME(3)) AS period_start,
       IFNULL(CONVERT(e.app USING utf8mb4), CONVERT(CONVERT(e.app USING latin1) USING utf8mb4))
         AS app,
       IFNULL(CONVERT(e.service USING utf8mb4),
         CONVERT(CONVERT(e.service USING latin1) USING utf8mb4)) AS service,
       s.calls, s.errors, s.errors * 1e0 / s.calls AS error_rate,
       (s.satisfied + s.tolerating / 2e0) / s.calls AS apdex, s.satisfied, s.tolerating,
       s.duration_sum_us, s.duration_sum_us * 1e0 / s.calls AS mean_us,
       s.min_us, s.p50_us, s.p75_us, s.p90_us, s.p95_us, s.p99_us, s.p999_us, s.max_us, s.exact,
       r.run_id
FROM run r
JOIN endpoint_stat s ON s.period_start = r.period_start AND s.run_id = r.run_id
JOIN endpoint e ON e.endpoint_id = s.endpoint_id
WHERE r.state = 'published' AND e.level = 'service';

CREATE OR REPLACE SQL SECURITY INVOKER VIEW report_app AS
SELECT CAST(TIMESTAMP'1970-01-01 00:00:00' + INTERVAL r.period_start * 1000 MICROSECOND
         AS DATETIME(3)) AS period_start,
       IFNULL(CONVERT(e.app USING utf8mb4), CONVERT(CONVERT(e.app USING latin1) USING utf8mb4))
         AS app,
       s.calls, s.errors, s.errors * 1e0 / s.calls AS error_rate,
       (s.satisfied + s.tolerating / 2e0) / s.calls AS apdex, s.satisfied, s.tolerating,
       s.duration_sum_us, s.duration_sum_us * 1e0 / s.calls AS mean_us,
       s.min_us, s.p50_us, s.p75_us, s.p90_us, s.p95_us, s.p99_us, s.p999_us, s.max_us, s.exact,
       r.run_id
FROM run r
JOIN endpoint_stat s ON s.period_start = r.period_start AND s.run_id = r.run_id
JOIN endpoint e ON e.endpoint_id = s.endpoint_id
WHERE r.state = 'published' AND e.level = 'app';

CREATE OR REPLACE SQL SECURITY INVOKER VIEW report_slow_call AS
SELECT CAST(TIMESTAMP'1970-01-01 00:00:00' + INTERVAL r.period_start * 1000 MICROSECOND
         AS DATETIME(3)) AS period_start,
       IFNULL(CONVERT(e.app USING utf8mb4), CONVERT(CONVERT(e.app USING latin1) USING utf8mb4))
         AS app,
       IFNULL(CONVERT(e.service USING utf8mb4),
         CONVERT(CONVERT(e.service USING latin1) USING utf8mb4)) AS service,
       IFNULL(CONVERT(e.method USING utf8mb4),
         CONVERT(CONVERT(e.method USING latin1) USING utf8mb4)) AS method,
       c.`rank`, c.duration_us,
       CAST(TIMESTAMP'1970-01-01 00:00:00' + INTERVAL c.start_ms * 1000 MICROSECOND
         AS DATETIME(3)) AS start_time,
       c.error,
       IFNULL(CONVERT(c.trace_id USING utf8mb4),
         CONVERT(CONVERT(c.trace_id USING latin1) USING utf8mb4)) AS trace_id,
       IFNULL(CONVERT(c.span_id USING utf8mb4),
         CONVERT(CONVERT(c.span_id USING latin1) USING utf8mb4)) AS span_id,
       r.run_id
FROM run r
JOIN slow_call c ON c.run_id = r.run_id AND c.period_start = r.period_start
JOIN endpoint e ON e.endpoint_id = c.endpoint_id
WHERE r.state = 'published';

-- For each period the run that counts: the published one, else the open one, else the last that
-- failed; and how complete it is, as the sum over its fragments.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW report_period AS
SELECT CAST(TIMESTAMP'1970-01-01 00:00:00' + INTERVAL r.period_start * 1000 MICROSECOND
         AS DATETIME(3)) AS period_start,
       CAST(TIMESTAMP'1970-01-01 00:00:00' + INTERVAL r.period_end * 1000 MICROSECOND
         AS DATETIME(3)) AS period_end,
       r.state, r.attempt,
       (SELECT SUM(f.spans_expected) FROM fragment f WHERE f.run_id = r.run_id) AS spans_expected,
       (SELECT SUM(f.spans_read) FROM fragment f WHERE f.run_id = r.run_id) AS spans_read,
       (SELECT SUM(f.spans_rejected) FROM fragment f WHERE f.run_id = r.run_id) AS spans_rejected,
       r.unplaced,
       (SELECT SUM(f.calls) FROM fragment f WHERE f.run_id = r.run_id) AS calls,
       IFNULL(CONVERT(r.source USING utf8mb4), CONVERT(CONVERT(r.source USING latin1) USING utf8mb4))
         AS source,
       IFNULL(CONVERT(r.reason USING utf8mb4), CONVERT(CONVERT(r.reason USING latin1) USING utf8mb4))
         AS reason,
       r.run_id,
       CAST(TIMESTAMP'1970-01-01 00:00:00' + INTERVAL r.published_ms * 1000 MICROSECOND
         AS DATETIME(3)) AS published_at
FROM run r
WHERE r.run_id = (SELECT o.run_id FROM run o WHERE o.period_start = r.period_start
                  ORDER BY FIELD(o.state, 'published', 'open', 'failed', 'superseded'),
                           o.attempt DESC
                  LIMIT 1);

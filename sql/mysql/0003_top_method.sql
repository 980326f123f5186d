-- The first methods of a published run in each order that reports are sorted by: a short report over
-- many periods reads these rows instead of all. Written when the run is published; a run that was
-- published before this table came has no rows here, and is read as a whole.
CREATE TABLE IF NOT EXISTS top_method (
  period_start BIGINT NOT NULL,  -- Of the run.
  run_id BIGINT NOT NULL,
  sort_key ENUM('calls', 'errors', 'error_rate', 'sum', 'mean', 'max', 'p50', 'p75', 'p90', 'p95',
    'p99', 'p999') CHARACTER SET ascii NOT NULL,  -- What is compared, largest first.
  `rank` INT UNSIGNED NOT NULL CHECK (`rank` >= 1),  -- Ties by app, service, method.
  endpoint_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (period_start, run_id, sort_key, `rank`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
PARTITION BY RANGE (period_start) (PARTITION p_future VALUES LESS THAN MAXVALUE);

-- The first methods of a published run in each order that reports are sorted by: a short report over
-- many periods reads these rows instead of all. Written when the run is published; a run that was
-- published before this table came has no rows here, and is read as a whole.
CREATE TABLE top_method (
  run_id INTEGER NOT NULL,
  sort_key TEXT NOT NULL,  -- What is compared, largest first: 'calls', 'p99' and so on.
  rank INTEGER NOT NULL CHECK (rank >= 1),  -- Ties by app, service, method.
  endpoint_id INTEGER NOT NULL,
  PRIMARY KEY (run_id, sort_key, rank)
) WITHOUT ROWID;

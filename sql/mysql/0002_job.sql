-- What a cluster computes. A row only once a cluster has begun to work on this store.
CREATE TABLE IF NOT EXISTS job (
  id TINYINT UNSIGNED NOT NULL PRIMARY KEY CHECK (id = 1),
  first_period_start BIGINT NOT NULL  -- From here on no period is left out (I6); retention moves it.
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

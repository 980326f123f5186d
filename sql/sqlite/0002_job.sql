-- What a cluster computes. A row only once a cluster has begun to work on this store.
CREATE TABLE job (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  first_period_start INTEGER NOT NULL  -- From here on no period is left out (I6); retention moves it.
);

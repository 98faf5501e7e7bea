/** One entry a version: what brings a database of the former version to it. Never edited later. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    listed INTEGER NOT NULL,
    live INTEGER NOT NULL,
    document TEXT,
    client TEXT NOT NULL,
    late INTEGER NOT NULL,
    round INTEGER NOT NULL,
    position REAL NOT NULL,
    created REAL NOT NULL,
    started REAL,
    ended REAL,
    nodes INTEGER,
    settled INTEGER,
    error TEXT,
    restarts INTEGER NOT NULL DEFAULT 0,
    cancelling INTEGER NOT NULL DEFAULT 0,
    executor TEXT,
    retry_of TEXT,
    words TEXT NOT NULL,
    pictures TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  CREATE INDEX runs_waiting ON runs (late, round, position) WHERE state = 'waiting';
  CREATE INDEX runs_of_client ON runs (client, late, round) WHERE state = 'waiting';
  CREATE INDEX runs_running ON runs (started) WHERE state = 'running';
  CREATE INDEX runs_live ON runs (client) WHERE live = 1;
  CREATE INDEX runs_by_state ON runs (state, number);
  CREATE INDEX runs_by_document ON runs (document, number);
  CREATE INDEX runs_by_client ON runs (client, number);

  CREATE TABLE work (
    run INTEGER PRIMARY KEY REFERENCES runs (number) ON DELETE CASCADE,
    workflow TEXT NOT NULL,
    outputs TEXT,
    fresh INTEGER NOT NULL,
    results TEXT,
    changes TEXT,
    webhook TEXT
  ) STRICT;

  CREATE TABLE node_statuses (
    run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
    node TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (run, node)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE keys (
    client TEXT NOT NULL,
    key TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
    PRIMARY KEY (client, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX keys_of_run ON keys (run);

  CREATE TABLE rounds (late INTEGER PRIMARY KEY, round INTEGER NOT NULL) STRICT;
  CREATE TABLE turns (
    client TEXT NOT NULL,
    late INTEGER NOT NULL,
    round INTEGER NOT NULL,
    PRIMARY KEY (client, late)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX turns_by_round ON turns (late, round);

  CREATE TABLE pictures (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    file TEXT NOT NULL UNIQUE,
    run TEXT NOT NULL,
    node TEXT NOT NULL,
    document TEXT,
    time REAL NOT NULL,
    words TEXT NOT NULL
  ) STRICT;
  CREATE INDEX pictures_of_run ON pictures (run, number);

  CREATE TABLE deliveries (
    run TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    secret TEXT,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deliveries_due ON deliveries (due);
  `,
]

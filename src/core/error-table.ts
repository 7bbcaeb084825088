export type ErrorKind = 'config' | 'input' | 'not-found' | 'forbidden' | 'unavailable' | 'conflict' | 'bug'

/** Every failure a user can meet: whose move it is, and the move. This table is the published documentation. */
export const errorTable = {
  CONFIG_NOT_FOUND: { kind: 'config', fix: 'Run `aquifer init` here, or name the folder with --dir.' },
  CONFIG_INVALID: { kind: 'config', fix: 'Correct the named line, then run `aquifer check`.' },
  CONFIG_EXISTS: { kind: 'config', fix: 'Edit the existing file, or move it away first.' },
  CONFIG_SECRET_MISSING: { kind: 'config', fix: 'Set the named environment variable or create the named file.' },
  CONFIG_NEEDS_REBUILD: {
    kind: 'config',
    fix: 'See what it takes with `aquifer plan`, then run `aquifer apply`; or undo the change in aquifer.yaml.',
  },
  GENERATION_SWITCHED: {
    kind: 'config',
    fix: 'Start it again with the configuration that the ledger is built with; `aquifer plan` says what differs.',
  },
  PROGRESS_STOPPED: {
    kind: 'unavailable',
    fix: 'Look at `aquifer status` for the last error; see that an `aquifer sync --watch` runs and reaches source and stores.',
  },
  GENERATION_BUSY: { kind: 'conflict', fix: 'Wait until the other run is through, then run the command again.' },
  GENERATION_GONE: { kind: 'conflict', fix: 'Run the command again: it goes on where it was.' },
  GENERATION_NONE: {
    kind: 'not-found',
    fix: 'See `aquifer generations`; put the earlier settings into aquifer.yaml and run `aquifer apply` to build them anew.',
  },
  GENERATION_OWN_VECTORS: {
    kind: 'config',
    fix: 'Run `aquifer sync --full`, which reads those rows again; until then they are not found.',
  },
  GENERATION_SETTINGS: {
    kind: 'config',
    fix: 'Put the earlier model and chunking back into aquifer.yaml and run `aquifer apply`, which takes up what is kept.',
  },
  EDITION_GONE: {
    kind: 'conflict',
    fix: 'Run the command again: what it was reading was dropped or switched meanwhile.',
  },
  EDITION_INCOMPLETE: {
    kind: 'conflict',
    fix: 'Where the source cannot tell what it no longer has, `aquifer sync --full SOURCE` changes the mapping in place, without a way back.',
  },
  EDITION_SETTINGS: {
    kind: 'config',
    fix: 'Put the earlier mapping back into aquifer.yaml and run `aquifer apply`, or drop what is kept: `aquifer generations drop SOURCE`.',
  },
  CONFIRMATION_NEEDED: { kind: 'input', fix: 'Look at what is said above, then add --yes.' },
  NODE_TOO_OLD: {
    kind: 'config',
    fix: 'Install Node 22.18 or later, or run `npm ci` again so that the bundled Node is installed.',
  },
  DIR_NOT_WRITABLE: { kind: 'config', fix: 'Give this user write access to the folder, or choose another with --dir.' },
  DIR_NO_LOCKS: {
    kind: 'config',
    fix: 'Put the folder on a local disk with --dir, or name a Postgres under `ledger`.',
  },
  DISK_FULL: { kind: 'unavailable', fix: 'Free some disk space, then run the command again; it goes on where it was.' },
  PORT_IN_USE: { kind: 'config', fix: 'Stop the program on that port, or choose another with --http PORT.' },
  PORT_FORBIDDEN: { kind: 'config', fix: 'Choose a port from 1024 up with --http PORT.' },
  ADDRESS_INVALID: {
    kind: 'config',
    fix: 'Bind an address of this machine, such as 127.0.0.1 or 0.0.0.0, with --http HOST:PORT.',
  },
  KEY_REQUIRED: { kind: 'config', fix: 'Create a key with `aquifer keys add NAME --group GROUP`, or bind 127.0.0.1.' },
  METRICS_NONE: {
    kind: 'config',
    fix: 'Write `metrics: ./metrics` in aquifer.yaml and define models and metrics in files of that folder.',
  },
  METRICS_IMPORT_INVALID: {
    kind: 'input',
    fix: 'Correct the named lines of what is imported; --skip-unsupported leaves out what cannot be carried over.',
  },
  METRICS_IMPORT_EDITED: {
    kind: 'conflict',
    fix: 'Keep it under another name, or import under one with --name; --replace overwrites it.',
  },
  METRIC_QUESTION_INVALID: {
    kind: 'input',
    fix: 'Correct the named part of the question; `aquifer metrics describe NAME` shows what can be asked.',
  },
  RECEIPT_INVALID: {
    kind: 'input',
    fix: 'Give the whole receipt as the answer of this deployment had it, as the caller it was made for.',
  },
  METRIC_SQL_HIDDEN: { kind: 'forbidden', fix: 'Ask an administrator, or ask for the number itself.' },
  METRIC_UNKNOWN: { kind: 'not-found', fix: 'Use a name of `aquifer metrics list`.' },
  METRIC_TABLE_UNKNOWN: {
    kind: 'config',
    fix: 'Correct `table` of the model: schema.table as the database spells it, or a file of the connection.',
  },
  METRIC_SQL_FAILED: {
    kind: 'config',
    fix: 'Correct the column or expression of the model; `aquifer metrics query NAME --sql` shows the statement.',
  },
  METRIC_TABLE_AMBIGUOUS: {
    kind: 'config',
    fix: 'Name the table by its path, or name it under `tables` of its connection.',
  },
  METRIC_DATA_INVALID: { kind: 'config', fix: 'Mend the named file, or keep it out of the folder or pattern.' },
  METRIC_DATA_CHANGING: { kind: 'unavailable', fix: 'Ask again when nothing writes to the files of its tables.' },
  METRIC_TIMEOUT: {
    kind: 'unavailable',
    fix: 'Ask for less: a shorter time, a coarser grain or fewer dimensions. If it repeats, materialise the metric.',
  },
  METRIC_TOO_LARGE: {
    kind: 'unavailable',
    fix: 'Ask for less: a shorter time, a coarser grain or fewer dimensions; or give the database more memory.',
  },
  METRIC_ENGINE_UNREACHABLE: {
    kind: 'unavailable',
    fix: 'Check that the database of the connection runs and that its address is right.',
  },
  METRIC_ENGINE_AUTH: {
    kind: 'config',
    fix: 'Correct user and password of the connection, or grant SELECT on the tables of the models.',
  },
  METRIC_ENGINE_BUSY: {
    kind: 'unavailable',
    fix: 'End the other process that has the database open, then try again.',
  },
  LEDGER_UNREACHABLE: {
    kind: 'unavailable',
    fix: 'Check that the Postgres of `ledger` runs and that its address is right.',
  },
  LEDGER_AUTH: { kind: 'config', fix: 'Correct user and password in the URL of `ledger`.' },
  LEDGER_EXTENSION: { kind: 'config', fix: 'Install pgvector on that Postgres (`CREATE EXTENSION vector` must work).' },
  LEDGER_NEWER: { kind: 'config', fix: 'Upgrade Aquifer: this ledger was written by a newer version.' },
  LEDGER_OLDER: {
    kind: 'config',
    fix: 'Run `aquifer backup` with the version of Aquifer that wrote it and `aquifer restore` here, or move the folder away and sync again.',
  },
  LEDGER_EMPTY: { kind: 'unavailable', fix: 'Run `aquifer sync` first.' },
  LEDGER_BUSY: {
    kind: 'unavailable',
    fix: 'Another process holds the embedded store and does not answer; end it and try again.',
  },
  LEDGER_TIMEOUT: { kind: 'unavailable', fix: 'Try again; if it repeats, search narrower or name a DATABASE_URL.' },
  LEDGER_DAMAGED: {
    kind: 'unavailable',
    fix: 'Move the damaged store away (embedded: the folder `.aquifer`), then `aquifer restore FILE` puts a backup there, or `aquifer sync` reads everything again.',
  },
  LEDGER_FAILED: { kind: 'bug', fix: 'Run `aquifer doctor`, and report the log if it repeats.' },
  LEXICAL_UNAVAILABLE: {
    kind: 'config',
    fix: 'Name an Elasticsearch 9 under `lexical`, or install pg_textsearch on the Postgres of `ledger`; `lexical: none` searches by meaning only.',
  },
  LEXICAL_UNREACHABLE: { kind: 'unavailable', fix: 'Check that Elasticsearch runs and that its address is right.' },
  LEXICAL_AUTH: { kind: 'config', fix: 'Correct the API key or user of `lexical.elasticsearch`.' },
  LEXICAL_VERSION: { kind: 'config', fix: 'Use Elasticsearch 9.' },
  LEXICAL_NOT_READY: {
    kind: 'unavailable',
    fix: 'Run `aquifer sync`: it writes the index from the ledger.',
  },
  LEXICAL_FOREIGN: {
    kind: 'config',
    fix: 'Set another `lexical.elasticsearch.prefix`, or remove the indices if their ledger is gone.',
  },
  LEXICAL_UNREADABLE: {
    kind: 'config',
    fix: 'Remove the indices of `lexical.elasticsearch.prefix` and run `aquifer sync`: it writes them again from the ledger.',
  },
  LEXICAL_REJECTED: { kind: 'bug', fix: 'Rebuild the index with `aquifer sync --full`; report the log if it repeats.' },
  EMBEDDING_UNREACHABLE: { kind: 'unavailable', fix: 'Check baseUrl and that the embedding endpoint runs.' },
  EMBEDDING_AUTH: { kind: 'config', fix: 'Correct apiKey of `embedding`.' },
  EMBEDDING_MODEL: { kind: 'config', fix: 'Name a model that the endpoint offers.' },
  EMBEDDING_DIMENSIONS: {
    kind: 'config',
    fix: 'Set `embedding.dimensions` to what the model returns, or leave it out.',
  },
  EMBEDDING_REJECTED: {
    kind: 'input',
    fix: 'Look at the text with `aquifer dead-letters show`; it stays findable by its words.',
  },
  EMBEDDING_LOCAL: {
    kind: 'config',
    fix: 'Run `npm ci` again; where onnxruntime-node has no binary, set `embedding.provider: openai`.',
  },
  SOURCE_UNKNOWN: { kind: 'input', fix: 'Name a source of aquifer.yaml.' },
  SOURCE_UNREACHABLE: { kind: 'unavailable', fix: 'Check that the source runs and that its address is right.' },
  SOURCE_AUTH: {
    kind: 'config',
    fix: 'Correct user and password of the connection, or grant SELECT on what the source reads.',
  },
  SOURCE_INVALID: { kind: 'config', fix: 'Correct the source in aquifer.yaml, then run `aquifer check`.' },
  SOURCE_KEYS_UNKNOWN: {
    kind: 'config',
    fix: 'Let the source keep what it is to be compared by, or accept that what vanishes from it without a word stays.',
  },
  SOURCE_EMPTY: {
    kind: 'config',
    fix: 'Look at what it names in aquifer.yaml: path, include and exclude, or its table or query.',
  },
  SOURCE_BUSY: { kind: 'conflict', fix: 'Wait for the other sync to end, or stop it.' },
  SOURCE_FENCED: {
    kind: 'conflict',
    fix: 'Another process took over this source; nothing was written. Run sync again if it should be this one.',
  },
  CURSOR_EXPIRED: {
    kind: 'conflict',
    fix: 'The source no longer has the changes after the cursor; the next sync reads it whole.',
  },
  FILE_UNREADABLE: { kind: 'input', fix: 'Give this user read access to the file, or exclude it.' },
  FILE_TOO_LARGE: { kind: 'input', fix: 'Raise maxBytes of the source, or exclude the file.' },
  FILE_CHANGING: {
    kind: 'unavailable',
    fix: 'Sync again when nothing writes to the file; `sync --watch` does so by itself.',
  },
  FILE_ENCODING: { kind: 'input', fix: 'Save the file as UTF-8, or exclude it.' },
  RECORD_INVALID: { kind: 'input', fix: 'Correct the item at its source; the next sync tries again.' },
  RECORD_TOO_LARGE: { kind: 'input', fix: 'Split the item at its source, or exclude it.' },
  RECORD_NOT_FOUND: { kind: 'not-found', fix: 'Use an id from a search answer; it may have been deleted since.' },
  REPLAY_NOT_POSSIBLE: {
    kind: 'input',
    fix: 'Run `aquifer sync --full SOURCE`, which reads every item again, or drop what is no longer needed.',
  },
  QUERY_INVALID: { kind: 'input', fix: 'Give a query of 1 to 4,000 characters.' },
  FILTER_UNKNOWN: { kind: 'input', fix: 'Use one of the declared fields; describe_sources lists them.' },
  POSITION_INVALID: {
    kind: 'input',
    fix: 'Give the position that the source itself told after the write, or ask with max_staleness_ms.',
  },
  POSITION_UNSUPPORTED: { kind: 'input', fix: 'Leave min_position of this source out, and ask with max_staleness_ms.' },
  FRESHNESS_NOT_REACHED: {
    kind: 'unavailable',
    fix: 'Ask again, or with a longer wait_ms; without min_position and max_staleness_ms the answer is of what is there.',
  },
  PAGE_CURSOR_INVALID: {
    kind: 'input',
    fix: 'Pass next_cursor of the previous answer unchanged, with the same query, or leave it out.',
  },
  ARGUMENT_INVALID: { kind: 'input', fix: 'See --help.' },
  KEY_INVALID: {
    kind: 'forbidden',
    fix: 'Send a valid key as `Authorization: Bearer KEY`; `aquifer keys list` shows them.',
  },
  HOST_REFUSED: {
    kind: 'forbidden',
    fix: 'Use the address that `aquifer serve` printed, or allow the name with --allow-host NAME.',
  },
  ORIGIN_REFUSED: {
    kind: 'forbidden',
    fix: 'Call from a program instead of another site, or allow its name with --allow-host NAME.',
  },
  ROUTE_UNKNOWN: { kind: 'not-found', fix: 'MCP is at /mcp; there are also /healthz, /readyz, /metrics and /.' },
  METHOD_NOT_ALLOWED: { kind: 'input', fix: 'Use POST for /mcp and GET for everything else.' },
  REQUEST_TOO_LARGE: { kind: 'input', fix: 'Send at most 1 MB a request.' },
  REQUEST_INVALID: { kind: 'input', fix: 'Send one JSON-RPC message as application/json.' },
  CALLER_BUSY: { kind: 'unavailable', fix: 'Wait for the calls under way, then try again.' },
  KEY_UNKNOWN: { kind: 'not-found', fix: 'See `aquifer keys list`.' },
  BACKUP_INVALID: { kind: 'input', fix: 'Give a whole file that `aquifer backup` wrote.' },
  RESTORE_NOT_EMPTY: {
    kind: 'conflict',
    fix: 'Restore into an empty ledger: another folder, database or `ledger.schema`.',
  },
  DATASET_INVALID: { kind: 'input', fix: 'Give a folder with corpus.jsonl (or .gz), queries.jsonl and qrels.tsv.' },
  CANCELLED: { kind: 'unavailable', fix: 'Run it again; it goes on where it was.' },
  INTERNAL: { kind: 'bug', fix: 'Report it with the log (`--verbose`).' },
} as const satisfies Readonly<Record<string, { kind: ErrorKind; fix: string }>>

import { describeEngine } from '../kit/engine-contract.ts'
import { openDatabaseFileFixture, openFolderFixture } from '../kit/engine-duckdb.ts'

describeEngine('DuckDB over files', openFolderFixture)
describeEngine('DuckDB over a database file', openDatabaseFileFixture)

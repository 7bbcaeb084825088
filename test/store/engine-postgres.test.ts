import { describeEngine, describeServer } from '../kit/engine-contract.ts'
import { openPostgresFixture } from '../kit/engine-postgres.ts'

describeEngine('Postgres', openPostgresFixture)
describeServer('Postgres', openPostgresFixture)

import { openClickhouseFixture } from '../kit/engine-clickhouse.ts'
import { describeEngine, describeServer } from '../kit/engine-contract.ts'

describeEngine('ClickHouse', openClickhouseFixture)
describeServer('ClickHouse', openClickhouseFixture)

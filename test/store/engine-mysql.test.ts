import { describeEngine, describeServer } from '../kit/engine-contract.ts'
import { openMysqlFixture } from '../kit/engine-mysql.ts'

describeEngine('MariaDB', openMysqlFixture)
describeServer('MariaDB', openMysqlFixture)

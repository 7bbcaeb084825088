import { afterAll, beforeAll } from 'vitest'
import { describeEngine } from '../kit/engine-contract.ts'
import { makePgliteFolders, openPgliteFixture, type PgliteFolders } from '../kit/engine-pglite.ts'

let folders: PgliteFolders

beforeAll(async () => {
  folders = await makePgliteFolders()
})

afterAll(() => folders[Symbol.asyncDispose]())

describeEngine('An embedded Postgres', () => openPgliteFixture(folders))

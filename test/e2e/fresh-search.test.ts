import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { RecordView, SearchAnswer } from '../../schemas/search.ts'
import { openDeployment } from '../kit/deployment.ts'

test('on the command line, an answer says how fresh it is, and is refused where it is not fresh enough', async () => {
  await using deployment = await openDeployment('embedded')
  await mkdir(join(deployment.dir, 'guide'))
  await writeFile(join(deployment.dir, 'guide', 'care.md'), '# Care\n\nWash the cape by hand.\n')
  await deployment.configure('sources: { guide: { type: files, path: ./guide, acl: { public: true } } }\n')
  await deployment.json('sync')

  const { sources } = await deployment.json<SearchAnswer>('search', 'cape', '--max-staleness', '10m', '--wait', '0s')
  expect(sources).toMatchObject([{ source: 'guide', position: expect.stringMatching(/^\d{4}-.*Z$/) }])
  expect(await deployment.json<RecordView>('fetch', 'guide:care.md')).toMatchObject({
    source_position: sources[0]?.position,
    as_of: sources[0]?.as_of,
  })

  const refused = await deployment.run('--json', 'search', 'cape', '--min-position', 'guide=0/1A2B3C8')
  expect(refused).toMatchObject({ code: 64, stdout: expect.stringContaining('POSITION_UNSUPPORTED') })

  await sleep(1000)
  const stale = await deployment.run('--json', 'search', 'cape', '--max-staleness', '500ms', '--wait', '300ms')
  expect(stale.code).toBe(69)
  expect(JSON.parse(stale.stdout)).toMatchObject({
    error: {
      code: 'FRESHNESS_NOT_REACHED',
      details: { sources: [{ source: 'guide', max_staleness_ms: 500, waits_for: 'source', syncing: false }] },
    },
  })
})

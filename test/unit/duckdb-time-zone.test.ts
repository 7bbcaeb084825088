import { expect, test, vi } from 'vitest'

import { openLake } from '../kit/lake.ts'

test('time zones are known by name, and without one it is UTC wherever the machine is', async () => {
  // Before the library is used for the first time: it looks once.
  vi.stubEnv('TZ', 'Asia/Tokyo')
  await using lake = await openLake({ 't.csv': 'moment\n2024-07-01T20:00:00+02:00\n' })
  const berlin = `timezone('Europe/Berlin', timezone('UTC', timestamp '2024-07-01 12:00:00'))`
  const plain = `timestamptz '2024-07-01 12:00:00', cast(timestamptz '2024-07-01 12:00:00+00' as text)`
  expect(await lake.rows(`select ${berlin}, ${plain}`)).toEqual([
    ['2024-07-01T14:00:00', '2024-07-01T12:00:00', '2024-07-01 12:00:00+00'],
  ])
  expect(await lake.rows(`select moment, date_trunc('day', moment), cast(moment as date) from t`)).toEqual([
    ['2024-07-01T18:00:00', '2024-07-01T00:00:00', '2024-07-01'],
  ])
})

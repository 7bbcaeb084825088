import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDeployment } from '../kit/deployment.ts'
import { openLedgerSql } from '../kit/ledger-sql.ts'

test.each(['embedded', 'standard'] as const)(
  'verify names what differs, mends it on demand, and tells by its exit code (%s)',
  async (kind) => {
    await using deployment = await openDeployment(kind)
    await mkdir(join(deployment.dir, 'notes'))
    for (const name of ['tea', 'coffee', 'cocoa']) {
      await writeFile(join(deployment.dir, 'notes', `${name}.md`), `# About ${name}\n\nHow to make ${name}.\n`)
    }
    await deployment.configure(`sources: { notes: { type: files, path: ./notes, acl: { public: true } } }\n`)
    expect((await deployment.run('verify')).stderr).toContain('LEDGER_EMPTY')
    await deployment.json('sync')
    const clean = await deployment.run('verify')
    expect(clean).toMatchObject({ code: 0, stdout: expect.stringMatching(/notes .* in step\n[^]*: no differences\./) })
    {
      await using sql = await openLedgerSql(deployment.stores)
      await sql.query(`update record set acl = '{staff}' where key = 'tea.md'`)
    }
    const differs = await deployment.run('verify', 'notes')
    expect(differs.code).toBe(1)
    expect(differs.stdout).toMatch(/notes +tea\.md +ledger +record different/)
    expect(differs.stderr).toContain('`aquifer verify --repair` mends what differs.')
    expect(await deployment.json('verify', '--repair')).toMatchObject({
      sources: [{ name: 'notes', records: 3, repaired: expect.toSatisfy((n: number) => n >= 1), error: null }],
      differences: expect.arrayContaining([
        { source: 'notes', key: 'tea.md', store: 'ledger', what: 'record', kind: 'different' },
      ]),
      remaining: 0,
      complete: true,
    })
    expect(await deployment.run('verify')).toMatchObject({ code: 0 })
    expect((await deployment.run('status')).stdout).toMatch(/ago, in step/)
  },
)

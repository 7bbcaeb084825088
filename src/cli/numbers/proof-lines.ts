import type { Receipt } from '../../../schemas/numbers.ts'

/** What an answer stands on, then how to have it proven. */
export function proofLines(receipt: Receipt, receiptFile: string | undefined): readonly string[] {
  const { connection, time_zone: zone, as_of: at, checks, watermark, metrics } = receipt
  const asked = `${connection === null ? '' : `${connection}, `}asked ${moment(at)}`
  return [
    ...metrics.map(({ name, version, status, scope }) => {
      const said = scope === null ? 'no scope is declared' : scope
      return `${name} v${String(version)}, ${status}: ${said}`
    }),
    [asked, `times in ${zone}`, checksText(checks), `data ${shortMark(watermark)}`].join(' · '),
    receiptFile === undefined
      ? 'Proof: --receipt FILE keeps the receipt; `aquifer metrics verify FILE` asks again.'
      : `Proof: ${receiptFile}; \`aquifer metrics verify ${receiptFile}\` asks again.`,
  ]
}

/** `2026-07-27T10:31:02.123Z` as `2026-07-27 10:31:02 UTC`. */
export function moment(at: string): string {
  return at.replace('T', ' ').replace(/(?:\.\d+)?Z$/, ' UTC')
}

const words: Readonly<Record<Receipt['checks'], string>> = {
  passed: 'checks pass',
  failed: 'CHECKS FAIL',
  none: 'no checks',
  never: 'checks not yet run',
}

function checksText(checks: Receipt['checks']): string {
  return words[checks]
}

/** As much of a watermark as people compare. */
function shortMark(watermark: string): string {
  return watermark.length <= 20 ? watermark : `${watermark.slice(0, 16)}…`
}

import { localTarget } from '../../src/cli/commands/doctor.ts'
import { clientConfig } from '../../src/mcp/client-config.ts'
import { line } from './page.ts'

/** How agents on this machine reach the demo's folder, ready to paste. */
export function showClients(folder: string): void {
  const target = localTarget(folder)
  const configFor = (client: 'claude-code' | 'cursor' | 'vscode') => clientConfig(client, target, 'aquifer-demo')
  line(`  Claude Code  ${configFor('claude-code').command ?? ''}`)
  for (const [name, client] of [
    ['Cursor', 'cursor'],
    ['VS Code', 'vscode'],
  ] as const) {
    const { file, text } = configFor(client)
    line(`  ${name.padEnd(11)}  ${file}: ${JSON.stringify(JSON.parse(text))}`)
  }
  line('  Later on     npm run -s aquifer -- doctor --client cursor --dir .aquifer-demo')
  line('\n  The shop closed with this program. What was indexed stays, and says how old it is:')
  line('  npm run -s aquifer -- search "how do I sharpen a knife" --dir .aquifer-demo')
}

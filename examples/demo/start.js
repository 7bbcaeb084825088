// Plain JavaScript: an older Node, or a folder without its packages, gets a sentence instead of a stack trace.
import { chooseNode } from '../../src/cli/choose-node.js'

if (chooseNode(process.versions.node, undefined).run === 'refuse') {
  process.stderr.write(
    `NODE_TOO_OLD This is Node ${process.versions.node}; Aquifer needs 22.18 or later.\n` +
      'Install Node 22.18 or later, or run `npm ci` again so that the bundled Node is installed.\n',
  )
  process.exitCode = 78
} else {
  try {
    await import('./demo.ts')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
    process.stderr.write(`${error.message}\nThe demo needs all packages, those for development too: run \`npm ci\`.\n`)
    process.exitCode = 78
  }
}

import { copyFile, cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isAnswered } from '../../src/stores/postgres/embedded/owner-link.ts'
import { ownerAddress, ownerName } from '../../src/stores/postgres/embedded/owner-address.ts'
import { DemoStopped } from './demo-stopped.ts'

const folder = fileURLToPath(new URL('../../.aquifer-demo', import.meta.url))
const configuration = fileURLToPath(new URL('./aquifer.yaml', import.meta.url))
const metrics = fileURLToPath(new URL('./metrics', import.meta.url))

/** The demo's own folder, empty but for its configuration. Stops where a program still works on what the last run left. */
export async function makeDemoFolder(): Promise<string> {
  const store = join(folder, '.aquifer')
  const address = await ownerAddress(store).catch(() => undefined)
  if (address !== undefined && (await isAnswered(address))) {
    const owner = await ownerName(store)
    throw new DemoStopped(
      `${folder} is in use by ${owner}, such as an agent that you connected to it. End that, and run the demo again.`,
    )
  }
  try {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder)
    await copyFile(configuration, join(folder, 'aquifer.yaml'))
    await cp(metrics, join(folder, 'metrics'), { recursive: true })
  } catch (cause) {
    throw new DemoStopped(`${folder} can't be made anew: ${String(cause)}`, { cause })
  }
  return folder
}

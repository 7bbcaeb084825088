const namesOfFolders = new Set(['index', '_index', 'readme'])

/** A file's name as a title: `docs/getting-started.md` is "Getting started", `docs/setup/index.md` is "Setup". */
export function readableName(path: string): string {
  const parts = path.split('/').filter((part) => part !== '')
  const file = parts.at(-1) ?? ''
  const name = file.replace(/(?<=.)\.[a-z0-9]{1,8}$/i, '')
  const folder = parts.at(-2)
  const base = folder !== undefined && namesOfFolders.has(name.toLowerCase()) ? folder : name
  const words = base.replace(/[-_\s]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

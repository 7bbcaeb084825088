export const clients = ['claude-code', 'cursor', 'vscode'] as const
export type Client = (typeof clients)[number]

/** How a client reaches this server: by starting it, or at its address. */
export type ClientTarget =
  | {
      readonly command: string
      readonly args: readonly string[]
      readonly env?: Readonly<Record<string, string>>
      /** Only VS Code can be told a folder: name it in `args` too. */
      readonly cwd?: string
    }
  | { readonly url: string; readonly key?: string }

export interface ClientConfig {
  /** A command for the shell, where the client has one. */
  readonly command?: string
  /** The file that holds the configuration, below the project or the home folder. */
  readonly file: string
  /** What belongs into that file. */
  readonly text: string
}

/** What makes a client use this server, ready to paste. */
export function clientConfig(client: Client, target: ClientTarget, name = 'aquifer'): ClientConfig {
  const entry = { [name]: serverEntry(client, target) }
  return {
    'claude-code': () => ({
      command: claudeCommand(name, target),
      file: '.mcp.json',
      text: json({ mcpServers: entry }),
    }),
    cursor: () => ({ file: '~/.cursor/mcp.json', text: json({ mcpServers: entry }) }),
    vscode: () => ({ file: '.vscode/mcp.json', text: json({ servers: entry }) }),
  }[client]()
}

function serverEntry(client: Client, target: ClientTarget): object {
  if ('url' in target) {
    const headers = target.key === undefined ? {} : { headers: { Authorization: `Bearer ${target.key}` } }
    return { ...(client === 'cursor' ? {} : { type: 'http' }), url: target.url, ...headers }
  }
  const { command, args, env, cwd } = target
  return {
    type: 'stdio',
    command,
    args,
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined || client !== 'vscode' ? {} : { cwd }),
  }
}

/** The variadic options (--env, --header) come first: otherwise they would swallow the name. */
function claudeCommand(name: string, target: ClientTarget): string {
  if ('url' in target) {
    const header = target.key === undefined ? [] : ['--header', `Authorization: Bearer ${target.key}`]
    return shell(['claude', 'mcp', 'add', ...header, '--transport', 'http', name, target.url])
  }
  const env = Object.entries(target.env ?? {}).flatMap(([key, value]) => ['--env', `${key}=${value}`])
  return shell(['claude', 'mcp', 'add', ...env, '--transport', 'stdio', name, '--', target.command, ...target.args])
}

function shell(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
}

function json(value: object): string {
  return JSON.stringify(value, null, 2)
}

import { expect, test } from 'vitest'
import { clientConfig } from '../../src/mcp/client-config.ts'

const program = {
  command: '/usr/bin/node',
  args: ['/opt/aquifer/aquifer.js', 'serve', '--stdio', '--dir', '/home/me/my docs'],
  env: { DATABASE_URL: 'postgres://db/x' },
  cwd: '/home/me/my docs',
}

test('Claude Code gets a command for the shell and the same for .mcp.json', () => {
  const { command, file, text } = clientConfig('claude-code', program)
  expect(command).toBe(
    "claude mcp add --env DATABASE_URL=postgres://db/x --transport stdio aquifer -- /usr/bin/node /opt/aquifer/aquifer.js serve --stdio --dir '/home/me/my docs'",
  )
  expect(file).toBe('.mcp.json')
  expect(text).toBe(`{
  "mcpServers": {
    "aquifer": {
      "type": "stdio",
      "command": "/usr/bin/node",
      "args": [
        "/opt/aquifer/aquifer.js",
        "serve",
        "--stdio",
        "--dir",
        "/home/me/my docs"
      ],
      "env": {
        "DATABASE_URL": "postgres://db/x"
      }
    }
  }
}`)
})

test('Cursor gets an entry of ~/.cursor/mcp.json', () => {
  expect(clientConfig('cursor', { command: 'aquifer', args: ['serve', '--stdio'] })).toEqual({
    file: '~/.cursor/mcp.json',
    text: `{
  "mcpServers": {
    "aquifer": {
      "type": "stdio",
      "command": "aquifer",
      "args": [
        "serve",
        "--stdio"
      ]
    }
  }
}`,
  })
})

test('VS Code gets an entry of .vscode/mcp.json, with the folder to start in', () => {
  expect(clientConfig('vscode', { command: 'aquifer', args: [], cwd: '/home/me' })).toEqual({
    file: '.vscode/mcp.json',
    text: `{
  "servers": {
    "aquifer": {
      "type": "stdio",
      "command": "aquifer",
      "args": [],
      "cwd": "/home/me"
    }
  }
}`,
  })
})

test('a server that runs is named by its address and a key', () => {
  const running = { url: 'http://10.0.0.5:8080/mcp', key: 'aq_K' }
  expect(clientConfig('claude-code', running).command).toBe(
    "claude mcp add --header 'Authorization: Bearer aq_K' --transport http aquifer http://10.0.0.5:8080/mcp",
  )
  const entry = { url: 'http://10.0.0.5:8080/mcp', headers: { Authorization: 'Bearer aq_K' } }
  expect(JSON.parse(clientConfig('claude-code', running).text)).toEqual({
    mcpServers: { aquifer: { type: 'http', ...entry } },
  })
  expect(JSON.parse(clientConfig('cursor', running).text)).toEqual({ mcpServers: { aquifer: entry } })
  expect(JSON.parse(clientConfig('vscode', { url: running.url }).text)).toEqual({
    servers: { aquifer: { type: 'http', url: 'http://10.0.0.5:8080/mcp' } },
  })
})

test('what the shell would read is quoted', () => {
  const odd = { command: 'node', args: ["it's", '$HOME', ''] }
  expect(clientConfig('claude-code', odd).command).toBe(
    `claude mcp add --transport stdio aquifer -- node 'it'\\''s' '$HOME' ''`,
  )
})

import { createHash } from 'node:crypto'
import type { SourceView, Status } from '../../schemas/search.ts'
import { clientConfig, clients } from '../mcp/client-config.ts'
import { cleanLine } from '../mcp/untrusted-text.ts'
import { type Html, html } from './html.ts'

export interface ConsoleView extends Pick<Status, 'sources' | 'stores' | 'notices'> {
  readonly caller: string
  readonly version: string
  /** Address of the MCP endpoint as this browser reaches the service. */
  readonly mcpUrl: string
  readonly keyNeeded: boolean
}

const style = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8884; vertical-align: top }
td.number, th.number { text-align: right }
pre { overflow-x: auto; padding: .75rem; background: #8881; border-radius: .4rem }
.ok { color: #2a7d2a } .warn { color: #a86400 } .error { color: #c22 } small { opacity: .75 }
`
/** One piece, so that no formatting comes between the style and its hash. */
const styleElement: Html = { html: `<style>${style}</style>` }
const styleHash = createHash('sha256').update(style).digest('base64')

/** Sent with the page: no script, nothing from elsewhere, no frame around it. */
export const consoleHeaders = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
}

/** The page at `/`: what is indexed, how fresh it is, and how to connect a client. */
export function consolePage(view: ConsoleView): string {
  const page = html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>Aquifer</title>
      ${styleElement}
      <h1>Aquifer <small>${view.version}</small></h1>
      <p>Seen as <b>${view.caller}</b>.</p>
      ${view.notices.map((notice) => html`<p class="warn">${notice}</p>`)}
      <h2>Sources</h2>
      ${view.sources.length === 0 ? html`<p>There is nothing to see yet: name sources in aquifer.yaml and run <code>aquifer sync</code>.</p>` : sourceTable(view.sources)}
      ${view.stores.length === 0 ? '' : storeTable(view.stores)}
      <h2>Connect a client</h2>
      <p>MCP is at <code>${view.mcpUrl}</code>${view.keyNeeded ? ' and needs a key (aquifer keys add)' : ''}.</p>
      ${clients.map((client) => clientHelp(client, view))}
    </html> `
  return page.html
}

function sourceTable(sources: readonly SourceView[]): Html {
  return html`<table>
    <tr>
      <th>Source
      <th>State
      <th>In step as of
      <th class="number">Records
      <th class="number">Passages
      <th class="number">Set aside
    </tr>
    ${sources.map(
      (source) =>
        html`<tr>
          <td>
            <b>${source.name}</b> <small>${source.type}</small><br /><small
              >${cleanLine(source.description ?? '')}</small
            >

          <td>
            ${source.state}${source.last_error === null ? '' : html`<br /><small class="error">${source.last_error.code}</small>`}

          <td>
            <span class="${freshnessClass(source)}">${source.as_of ?? 'never'}</span><br /><small
              >${lag(source.lag_ms)}</small
            >

          <td class="number">${source.records}
          <td class="number">${source.chunks ?? ''}
          <td class="number">${source.dead_letters ?? ''}
        </tr>`,
    )}
  </table>`
}

function storeTable(stores: Status['stores']): Html {
  return html`<h2>Stores</h2>
    <table>
      <tr>
        <th>Store
        <th>Kind
        <th class="number">Generation
        <th class="number">Passages
        <th class="number">Records behind
      </tr>
      ${stores.map(
        (store) =>
          html`<tr>
            <td>${store.name}
            <td>${store.kind}
            <td class="number">${store.generation}
            <td class="number">${store.chunks ?? 'unknown'}
            <td class="number">${store.behind ?? 'unknown'}
          </tr>`,
      )}
    </table>`
}

function clientHelp(client: (typeof clients)[number], view: ConsoleView): Html {
  const target = view.keyNeeded ? { url: view.mcpUrl, key: 'YOUR_KEY' } : { url: view.mcpUrl }
  const { command, file, text } = clientConfig(client, target)
  return html`<h3>${client}</h3>
    ${
      command === undefined
        ? ''
        : html`<pre>${command}</pre>
            <p>or</p>`
    }
    <p>in <code>${file}</code>:</p>
    <pre>${text}</pre>`
}

function freshnessClass(source: SourceView): string {
  return source.freshness === 'unknown' ? '' : source.freshness
}

function lag(ms: number | null): string {
  if (ms === null) return ''
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s ago`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} d ago`
}

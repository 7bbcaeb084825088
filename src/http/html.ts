/** Text that is HTML already; made by `html` alone. */
export interface Html {
  readonly html: string
}

type Part = string | number | Html | readonly Html[]

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A template whose parts are escaped, but for those that are HTML already. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: texts.map((text, i) => text + render(parts[i] ?? '')).join('') }
}

function render(part: Part): string {
  if (typeof part === 'number') return String(part)
  if (typeof part === 'string') return part.replace(/[&<>"']/g, (mark) => escapes[mark] ?? '')
  return 'html' in part ? part.html : part.map((item) => item.html).join('')
}

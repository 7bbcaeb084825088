import type { Tag } from './scan-tag.ts'

const html = new Set(
  `a abbr address article aside audio b big blockquote body br button canvas caption center cite code col colgroup dd del
  details dfn div dl dt em embed fieldset figcaption figure font footer form g h1 h2 h3 h4 h5 h6 head header hr html i
  iframe img input ins kbd label legend li link main map mark meta nav noscript object ol optgroup option p path picture
  pre q rp rt ruby s samp script section select small source span strike strong style sub summary sup svg table tbody td
  template textarea tfoot th thead time title tr tt u ul use var video wbr`.split(/\s+/),
)
const blocks = new Set(
  `address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form head
  header hr html legend main ol p pre section summary table tbody tfoot thead tr ul`.split(/\s+/),
)
const dropped = new Set(['head', 'iframe', 'noscript', 'object', 'script', 'style', 'svg', 'template'])

/** An element that goes with everything in it. */
export const isDropped = (tag: Tag): boolean => dropped.has(tag.name.toLowerCase()) && !tag.isClosing && !tag.isVoid

/** Whether it is markup here; `Vec<T>` and `<your-key>` in prose are not. */
export function isMarkup(tag: Tag, isJsx: boolean): boolean {
  if (html.has(tag.name.toLowerCase())) return true
  return isJsx && (tag.name === '' || /^[A-Z]|\./.test(tag.name))
}

/** What a reader sees of the attributes of a component. */
const spoken = ['title', 'label', 'alt', 'caption', 'header', 'summary', 'question', 'description', 'tip']

/** What remains of a tag: nothing, a break, or the words that only its attributes hold. */
export function textOfTag(tag: Tag, inTableRow: boolean): string {
  const name = tag.name.toLowerCase()
  const lineBreak = inTableRow ? ' ' : '\n'
  if (name === 'br') return lineBreak
  if (name === 'img') return tag.attributes.get('alt') ?? ''
  if (name === 'code' || name === 'kbd' || name === 'samp') return '`'
  if (name === 'li') return tag.isClosing || inTableRow ? ' ' : '\n- '
  if (name === 'td' || name === 'th') return tag.isClosing || inTableRow ? ' ' : '| '
  if (/^h[1-6]$/.test(name)) return tag.isClosing || inTableRow ? lineBreak : `\n${'#'.repeat(Number(name[1]))} `
  if (blocks.has(name)) return lineBreak
  if (html.has(name) || tag.isClosing) return ''
  const words = spoken.flatMap((attribute) => tag.attributes.get(attribute) ?? [])
  return words.map((word) => (inTableRow ? `${word} ` : `**${word}**\n\n`)).join('')
}

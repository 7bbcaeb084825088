import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type YAMLError } from 'yaml'
import { invalid, type ConfigDocument, type Path } from './problem.ts'

/** Reads YAML 1.2 with merge keys; CONFIG_INVALID with every syntax error. `file` is how messages call the file. */
export function parseYaml(text: string, file: string): ConfigDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false })
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) throw invalid(faults.map((fault) => `${at(fault.pos[0])}: ${explain(fault, text)}`))
  return {
    value: toValue(document, file),
    place: (path, what) => at(offsetOf(document, path, what)),
  }
}

function toValue(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw invalid([`${file}: its aliases (*name) do not resolve or unfold to too much`], cause)
  }
}

function explain(fault: YAMLError, text: string): string {
  if (fault.code === 'DUPLICATE_KEY') return `${keyAt(text, fault.pos[0])} is written twice in one map`
  if (fault.code === 'TAB_AS_INDENT') return 'a tab indents this line; YAML wants spaces'
  if (fault.code === 'MULTIPLE_DOCS') return 'a second document starts here (---); one file holds one'
  return `not valid YAML: ${fault.message}`
}

function keyAt(text: string, offset: number): string {
  return /^[^\s:]+/.exec(text.slice(offset))?.[0] ?? 'a key'
}

/** Start of the node, or of the deepest key on the way to it that is there. */
function offsetOf(document: Document.Parsed, path: Path, what: 'key' | 'value'): number {
  let node: unknown = document.contents
  let key: unknown
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part))
      if (pair === undefined) return startOf(key)
      key = pair.key
      node = pair.value
    } else if (isSeq(node) && typeof part === 'number' && node.items[part] !== undefined) {
      node = node.items[part]
      key = node
    } else return startOf(key)
  }
  return what === 'key' ? startOf(key) : startOf(node, startOf(key))
}

function startOf(node: unknown, otherwise = 0): number {
  const range: unknown = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : otherwise
}

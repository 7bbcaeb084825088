import { analyse } from 'chardet'
import iconv from 'iconv-lite'

/**
 * The text of a file in whatever encoding: by its byte order mark, as UTF-8 if it is valid, as an HTML page declares it,
 * else by the likeliest encoding in which every byte has a meaning. Undefined for what is no text.
 */
export function decodeText(bytes: Uint8Array, mediaType: string): string | undefined {
  if (startsWith(bytes, [0xff, 0xfe])) return withoutNul(decode('utf-16le', bytes))
  if (startsWith(bytes, [0xfe, 0xff])) return withoutNul(decode('utf-16be', bytes))
  if (bytes.includes(0)) return undefined
  if (isIso2022Jp(bytes)) return decode('iso-2022-jp', bytes)
  const utf8 = decode('utf-8', bytes)
  if (utf8 !== undefined) return utf8
  if (countControls(bytes) * 200 > bytes.length) return undefined
  const declared = mediaType === 'text/html' ? declaredEncoding(bytes) : undefined
  for (const encoding of declared === undefined ? likelyEncodings(bytes) : [declared, ...likelyEncodings(bytes)]) {
    const text = decode(encoding, bytes)
    if (text !== undefined && !hasHighControl.test(text)) return text
  }
  return undefined
}

/** What the web's encodings make of bytes without a meaning. */
const hasHighControl = /[\u0080-\u009f]/

/** Undefined when a byte has no meaning in the encoding. */
function decode(encoding: string, bytes: Uint8Array): string | undefined {
  if (encoding === 'windows-1252') {
    // TextDecoder takes windows-1252 for Latin-1 (nodejs/node#56542).
    const text = iconv.decode(bytes, encoding)
    return text.includes('\ufffd') ? undefined : text
  }
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function withoutNul(text: string | undefined): string | undefined {
  return text?.includes('\0') === true ? undefined : text
}

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte)
}

/** Seven-bit Japanese mail: valid UTF-8 but for its meaning. */
function isIso2022Jp(bytes: Uint8Array): boolean {
  const escape = bytes.indexOf(0x1b)
  return escape !== -1 && bytes[escape + 1] === 0x24 && (bytes[escape + 2] === 0x40 || bytes[escape + 2] === 0x42)
}

/** Control characters that no text holds; random bytes have them in one of ten places. */
function countControls(bytes: Uint8Array): number {
  let count = 0
  for (const byte of bytes) if (byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b) count += 1
  return count
}

function declaredEncoding(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 1024)).toString('latin1')
  const [, label] = /<(?:meta|\?xml)[^>]+(?:charset|encoding)\s*=\s*["']?([\w-]+)/i.exec(head) ?? []
  return label === undefined ? undefined : encodingNamed(label)
}

/** As the web means the label: `latin1` is windows-1252. */
function encodingNamed(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding
  } catch {
    return undefined
  }
}

const western = /^(?:iso-8859-(?:2|9)|windows-125(?:0|2|4|7))$/

/** Likeliest first. With few letters that ASCII lacks, guesses among Latin scripts are noise: the commonest is taken. */
function likelyEncodings(bytes: Uint8Array): string[] {
  const { lines, count } = tellingLines(bytes)
  const guesses = analyse(lines)
    .map(({ name }) => encodingNamed(name))
    .filter((encoding) => encoding !== undefined)
    .filter((encoding) => encoding !== 'utf-8')
  const isNoise = guesses[0] !== undefined && western.test(guesses[0]) && count < 5
  return isNoise ? ['windows-1252', ...guesses] : [...guesses, 'windows-1252']
}

/** The first 64 KB of lines that hold more than ASCII: English around them would drown what they tell. */
function tellingLines(bytes: Uint8Array): { lines: Uint8Array; count: number } {
  const lines: Uint8Array[] = []
  let size = 0
  let count = 0
  for (let start = 0; start < bytes.length && size < 65_536;) {
    const newline = bytes.indexOf(0x0a, start)
    const line = bytes.subarray(start, newline === -1 ? bytes.length : Math.min(newline + 1, start + 65_536))
    const beyondAscii = line.reduce((sum, byte) => (byte > 0x7f ? sum + 1 : sum), 0)
    if (beyondAscii > 0) {
      lines.push(line)
      size += line.length
      count += beyondAscii
    }
    start += line.length
  }
  return { lines: Buffer.concat(lines).subarray(0, 65_536), count }
}

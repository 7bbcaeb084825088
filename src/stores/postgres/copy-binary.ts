/** Values of one row in Postgres's binary COPY format (documentation of COPY, "Binary Format"). */
export type CopyValue =
  | { readonly int8: number }
  | { readonly int4: number }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly bytes: Uint8Array }
  | { readonly jsonb: string }
  | { readonly texts: readonly string[] }
  | { readonly vector: Float32Array }
  | { readonly halfvec: Float32Array }
  | null

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
const textOid = 25

/** Encodes whole rows as one binary COPY stream. */
export class CopyEncoder {
  #buffer = Buffer.allocUnsafe(1 << 16)
  #length = 0

  constructor() {
    signature.copy(this.#buffer)
    this.#length = signature.length
    this.#int32(0)
    this.#int32(0)
  }

  row(values: readonly CopyValue[]): void {
    this.#int16(values.length)
    for (const value of values) this.#field(value)
  }

  /** The stream with its trailer. The encoder is spent afterwards. */
  end(): Uint8Array {
    this.#int16(-1)
    return this.#buffer.subarray(0, this.#length)
  }

  #field(value: CopyValue): void {
    if (value === null) return this.#int32(-1)
    const start = this.#length
    this.#int32(0)
    if ('int8' in value) {
      this.#room(8)
      this.#length = this.#buffer.writeBigInt64BE(BigInt(value.int8), this.#length)
    } else if ('int4' in value) this.#int32(value.int4)
    else if ('bool' in value) this.#byte(value.bool ? 1 : 0)
    else if ('text' in value) this.#text(value.text)
    else if ('bytes' in value) this.#bytes(value.bytes)
    else if ('jsonb' in value) {
      this.#byte(1)
      this.#text(value.jsonb)
    } else if ('texts' in value) this.#texts(value.texts)
    else this.#vector(value)
    this.#buffer.writeInt32BE(this.#length - start - 4, start)
  }

  #texts(values: readonly string[]): void {
    this.#int32(values.length === 0 ? 0 : 1)
    this.#int32(0)
    this.#int32(textOid)
    if (values.length === 0) return
    this.#int32(values.length)
    this.#int32(1)
    for (const value of values) {
      const start = this.#length
      this.#int32(0)
      this.#text(value)
      this.#buffer.writeInt32BE(this.#length - start - 4, start)
    }
  }

  /** pgvector's send format: dimensions and flags as int16, then float4 or float2 each. */
  #vector(value: { readonly vector: Float32Array } | { readonly halfvec: Float32Array }): void {
    const numbers = 'vector' in value ? value.vector : value.halfvec
    this.#int16(numbers.length)
    this.#int16(0)
    this.#room(numbers.length * 4)
    for (const number of numbers) {
      this.#length =
        'vector' in value
          ? this.#buffer.writeFloatBE(number, this.#length)
          : this.#buffer.writeUInt16BE(toHalf(number), this.#length)
    }
  }

  #text(text: string): void {
    this.#room(Buffer.byteLength(text))
    this.#length += this.#buffer.write(text, this.#length)
  }

  #bytes(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #byte(value: number): void {
    this.#room(1)
    this.#length = this.#buffer.writeUInt8(value, this.#length)
  }

  #int16(value: number): void {
    this.#room(2)
    this.#length = this.#buffer.writeInt16BE(value, this.#length)
  }

  #int32(value: number): void {
    this.#room(4)
    this.#length = this.#buffer.writeInt32BE(value, this.#length)
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

const float = new Float32Array(1)
const floatBits = new Uint32Array(float.buffer)

/** IEEE 754 binary16, rounded to nearest, ties to even. */
export function toHalf(value: number): number {
  float[0] = value
  const bits = floatBits[0] ?? 0
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude >= 0x7f800000) return sign | 0x7c00 | (magnitude > 0x7f800000 ? 0x200 : 0)
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude < 0x38800000) {
    // Below 2^-14 a half counts in steps of 2^-24.
    float[0] = Math.abs(value) * 2 ** 24
    return sign | roundEven(float[0] ?? 0)
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1)
  return sign | ((rounded - 0x38000000) >>> 13)
}

function roundEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

const unsafe = /[^\P{Cc}\n\t]|\p{Bidi_Control}/gu

/** Text for a terminal: what sources hold can't move its cursor, retitle its window or turn the direction of reading. */
export function plainText(text: string): string {
  return text.replace(unsafe, '\ufffd')
}

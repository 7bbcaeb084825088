// Default-ignorable characters are those that show nothing: fillers, marks of direction, tags, joiners, selectors.
const suspicious = /[[\p{DI}\p{Cc}\p{Cs}\u2028\u2029\ufff9-\ufffb]--[\n\t]]/v
const invisible = /[[\p{DI}\p{Cc}\ufff9-\ufffb]--[\n\t\u200c\u200d\p{VS}]]/gv
const lineBreaks = /\r\n?|[\v\f\x85\u2028\u2029]/g
const joiners = /[\u200c\u200d]+/g
const selectors = /\p{VS}+/gu

// Where a joiner changes how a word or an emoji looks; in Latin, Greek and Cyrillic it only hides.
const joined =
  /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]|(?![\p{sc=Latin}\p{sc=Grek}\p{sc=Cyrl}])[\p{L}\p{M}]/u
const selectable = /[\p{Emoji}\p{Ideographic}\p{Sm}\p{sc=Mong}]/u

/** Text without what a reader cannot see, newlines as \n. What remains looks as it did. */
export function cleanText(text: string): string {
  if (!suspicious.test(text)) return text
  return text
    .toWellFormed()
    .replace(lineBreaks, '\n')
    .replace(invisible, '')
    .replace(selectors, (run, at: number, whole: string) => (selectable.test(before(whole, at)) ? firstOf(run) : ''))
    .replace(joiners, (run, at: number, whole: string) =>
      joined.test(before(whole, at)) && joined.test(firstOf(whole.slice(at + run.length, at + run.length + 2)))
        ? run.charAt(0)
        : '',
    )
}

const longestTitle = 500

/** A title on one line, of bounded length. */
export function cleanTitle(title: string): string {
  return cleanText(title.slice(0, longestTitle * 4))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, longestTitle)
    .trim()
}

const firstOf = (text: string): string => Array.from(text.slice(0, 2))[0] ?? ''

/** The code point that ends just before. */
const before = (text: string, at: number): string => Array.from(text.slice(Math.max(0, at - 2), at)).at(-1) ?? ''

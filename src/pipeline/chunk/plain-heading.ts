/** The words of a heading line of Markdown or reStructuredText, without their markup. */
export function plainHeading(heading: string): string {
  return heading
    .slice(0, 500)
    .replace(/[ \t]#+[ \t]*$/, '')
    .replace(/[ \t]*\{#[^{}]*\}[ \t]*$/, '')
    .replace(/!?\[([^[\]]*)\]\([^()]*\)/g, '$1')
    .replace(/:[a-z][a-z:]{0,30}:`([^`<]*)(?:<[^`]*>)?`/g, '$1')
    .replace(/`([^`<]*) <[^`]*>`_{1,2}/g, '$1')
    .replace(/`+/g, '')
    .replace(/(?<=^|[\s([])[*_]{1,3}(?=\S)/g, '')
    .replace(/(?<=\S)[*_]{1,3}(?=$|[\s)\].,:;!?])/g, '')
    .replace(/<[^<>]*>/g, '')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}

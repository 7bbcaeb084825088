/** The words of a heading line of Markdown or reStructuredText, without their markup. */
export function plainHeading(heading: string): string {
  return heading
    .slice(0, 1000)
    .replace(/[ \t]#+[ \t]*$/, '')
    .replace(/[ \t]*\{#[^{}]*\}[ \t]*$/, '')
    .replace(/!?\[([^[\]]*)\]\([^()]*\)/g, '$1')
    .replace(/:[a-z][a-z:]{0,30}:`([^`<]*)(?:<[^`]*>)?`/g, '$1')
    .replace(/`([^`<]*) <[^`]*>`_{1,2}/g, '$1')
    .replace(/`+/g, '')
    .replace(/(\*{1,3}|(?<!\w)_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)/g, '$2')
    .replace(/<[^<>]*>/g, '')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Words of a column's name that say what it may tell about a person. */
const kinds: readonly (readonly [kind: 'contact' | 'name' | 'secret' | 'private', pattern: RegExp])[] = [
  ['secret', / (password|passwd|pwd|passphrase|secret|token|salt|otp|pin|api key|private key|password hash) /],
  ['contact', / (e ?mail|mail|phone|telephone|tel|mobile|cell|fax|address ?\d?|addr|street|house number) /],
  ['contact', / (zip|zip ?code|post ?code|postal ?code|ip|ip address|latitude|longitude|username|user name|login) /],
  ['private', / (birth|birth ?day|birth ?date|dob|ssn|social security|passport|national id|tax id|vat id|nin) /],
  ['private', / (iban|bic|swift|bank|account number|card number|credit card|cvv|cvc|salary|wage|income) /],
  ['private', / (gender|sex|ethnicity|race|religion|nationality|marital|diagnosis|medical|health|disability) /],
  [
    'name',
    / (first ?name|last ?name|middle ?name|sur ?name|given ?name|family ?name|full ?name|maiden ?name|forename) /,
  ],
]

/** What kind of personal data a column of this name probably holds; undefined for none. A hint, not a finding. */
export function personalKind(column: string): 'contact' | 'name' | 'secret' | 'private' | undefined {
  const words = ` ${column
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim()} `
  return kinds.find(([, pattern]) => pattern.test(words))?.[0]
}

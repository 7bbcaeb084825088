import { describe, expect, test } from 'vitest'
import { decodeText } from '../../indexers/files/decode-text.ts'

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const hex = (digits: string): Uint8Array => Buffer.from(digits.replaceAll(' ', ''), 'hex')

describe('the text of a file', () => {
  test.each([
    ['UTF-8', Buffer.from('zoë 日本 😀'), 'zoë 日本 😀'],
    ['UTF-8 with a mark', Buffer.from('\ufeffzoë'), 'zoë'],
    ['UTF-16LE with a mark', hex('fffe 7a00 6f00 eb00'), 'zoë'],
    ['UTF-16BE with a mark', hex('feff 007a 006f 00eb'), 'zoë'],
    ['no bytes', Buffer.alloc(0), ''],
    ['a mark and nothing else', hex('efbbbf'), ''],
    ['one Latin-1 letter', latin1('caf\xe9'), 'café'],
    ['French in Latin-1', latin1('Le caf\xe9 est ferm\xe9 \xe0 midi.'), 'Le café est fermé à midi.'],
    [
      'German in Latin-1',
      latin1('Die K\xfcche schlie\xdft um 22 Uhr. Gr\xfc\xdfe aus M\xfcnchen.'),
      'Die Küche schließt um 22 Uhr. Grüße aus München.',
    ],
    ['windows-1252 quotes', latin1('\x93It\x92s 5 \x80\x94'), '“It’s 5 €”'],
    [
      'Polish in windows-1250',
      hex(
        '4b61bf64792070 7261636f776e696b20706f77696e69656e207a61706f7a6e61e6207369ea207a206e6f77b9 207472 65 9c 63 69 b9 2e',
      ),
      'Każdy pracownik powinien zapoznać się z nową treścią.',
    ],
    ['Russian in windows-1251', hex('cff0e8e2e5f220ece8f02c20eae0ea20e4e5ebe0'), 'Привет мир, как дела'],
    [
      'Japanese in Shift-JIS',
      hex('93fa967b8cea82cc836583588367814289ef8b6382cd8cdf914f8be38e9e82c98e6e82dc82e882dc82b78142'),
      '日本語のテスト。会議は午前九時に始まります。',
    ],
    ['Japanese in ISO-2022-JP', hex('1b2442467c4b5c1b2842'), '日本'],
  ])('is read from %s', (_, bytes, text) => {
    expect(decodeText(bytes, 'text/plain')).toBe(text)
  })

  test('is told by the lines that hold more than ASCII, however long the rest is', () => {
    const russian = hex('cff0e8e2e5f220ece8f02c20eae0ea20e4e5ebe00a')
    const english = Buffer.from('All work and no play makes a dull page.\n'.repeat(20_000))
    expect(decodeText(Buffer.concat([english, russian]), 'text/plain')).toContain('Привет мир, как дела')
  })

  test.each([
    '<meta charset="koi8-r">',
    "<META http-equiv=x content='text/html; charset=KOI8-R'>",
    '<?xml version="1.0" encoding="koi8-r"?>',
  ])('is read as an HTML page declares it: %s', (declaration) => {
    const bytes = Buffer.concat([Buffer.from(declaration), hex('cdc9d2')])
    expect(decodeText(bytes, 'text/html')).toBe(`${declaration}мир`)
  })

  test('a wrong declaration does not hurt a page that is UTF-8', () => {
    expect(decodeText(Buffer.from('<meta charset=latin1>zoë'), 'text/html')).toBe('<meta charset=latin1>zoë')
  })

  test.each([
    ['an image', latin1('\x89PNG\r\n\x1a\n\0\0\0\rIHDR')],
    ['UTF-16 without a mark', hex('7a00 6f00')],
    ['UTF-32 with a mark', hex('fffe0000 7a000000')],
    ['half a character of UTF-16', hex('fffe 3dd8')],
    ['a NUL in UTF-16', hex('fffe 7a00 0000')],
    ['compressed bytes', hex('789c4b4c4a06000299012c0102031f8b0800f1f2f3f4f5')],
    ['bytes without a meaning anywhere', hex('41 81 8d 8f 90 9d 42 ff')],
  ])('is not found in %s', (_, bytes) => {
    expect(decodeText(bytes, 'text/plain')).toBeUndefined()
  })
})

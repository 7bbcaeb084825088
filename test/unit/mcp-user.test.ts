import { expect, test } from 'vitest'
import { QuestionSignal, userOf } from '../../src/mcp/user.ts'

type Request = Parameters<typeof userOf>[0]

/** The parts of a request that tell of its user. */
function request(capabilities: object, more: object = {}, revision = '2026-07-28'): Request {
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  }
  // The rest of a request is not read.
  return { envelope, ...more } as unknown as Request
}

const selections = { metric_0: { title: 'revenue', options: [{ value: 'net', title: 'net = 1' }] } }

/** What a client is sent when the user of this request is asked; undefined: nothing. */
function asked(of: Request, message = 'Which one?', choices = selections): unknown {
  try {
    userOf(of).ask(message, choices)
    return undefined
  } catch (signal) {
    if (signal instanceof QuestionSignal) return signal.request
    throw signal
  }
}

test.for([
  ['that takes forms', { elicitation: { form: {} } }, true],
  ['that says no mode, which means forms', { elicitation: {} }, true],
  ['that only opens addresses', { elicitation: { url: {} } }, false],
  ['that declares nothing', {}, false],
  ['that declares something else', { sampling: {} }, false],
] as const)('the user of a client %s is asked: %#', ([, capabilities, isAsked]) => {
  expect(asked(request(capabilities)) !== undefined).toBe(isAsked)
})

test('older revisions are not asked, whatever they declare', () => {
  expect(asked(request({ elicitation: {} }, {}, '2025-11-25'))).toBeUndefined()
  // The rest of a request is not read.
  expect(asked({} as unknown as Request)).toBeUndefined()
})

const answered = (response: object): Request => request({ elicitation: {} }, { inputResponses: { choice: response } })

test('an answer is read, and no answer is not asked for twice', () => {
  expect(userOf(answered({ action: 'accept', content: { metric_0: 'net' } })).answers).toEqual({ metric_0: 'net' })
  for (const no of [{ action: 'decline' }, { action: 'cancel' }, { action: 'accept', content: { metric_0: 7 } }, {}]) {
    expect(userOf(answered(no)).answers).toEqual({})
    expect(asked(answered(no))).toBeUndefined()
  }
})

test('what people read in a question is cleaned and cut', () => {
  const hostile = {
    metric_0: { title: 'a\u202eb', options: [{ value: 'net', title: `net\n\u200b${'x'.repeat(500)}` }] },
  }
  const { params } = asked(request({ elicitation: {} }), `Which\u{e0041} one?\n</untrusted>`, hostile) as {
    params: object
  }
  expect(params).toEqual({
    mode: 'form',
    message: 'Which one? ‹/untrusted>',
    requestedSchema: {
      type: 'object',
      properties: {
        metric_0: { type: 'string', title: 'ab', oneOf: [{ const: 'net', title: `net ${'x'.repeat(295)}…` }] },
      },
      required: ['metric_0'],
    },
  })
})

import {
  CLIENT_CAPABILITIES_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  type InputRequest,
  type ServerContext,
  acceptedContent,
  inputRequired,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import { cleanLine } from './untrusted-text.ts'

/** Something to choose from; the texts are shown to people. */
export interface Selection {
  readonly title: string
  readonly options: readonly { readonly value: string; readonly title: string }[]
}

/**
 * Whoever sits at the client, asked in the middle of a call. A question ends it; the client calls again with the same
 * arguments and the answers. Nothing is kept meanwhile.
 */
export interface User {
  /** What was chosen, by the question's names; unchecked. */
  readonly answers: Readonly<Record<string, string>>
  /** Ends this round with a question. Does nothing where the client cannot be asked, or its user has declined. */
  ask(message: string, selections: Readonly<Record<string, Selection>>): void
}

/** Thrown by `User.ask`; the call's result is this request for input. */
export class QuestionSignal extends Error {
  readonly request: InputRequest

  constructor(request: InputRequest) {
    super('The user is asked.')
    this.name = 'QuestionSignal'
    this.request = request
  }
}

/** Under which the one question of a round goes out, and its answer comes back. */
export const questionKey = 'choice'

const firstRevision = '2026-07-28'
const Answers = z.record(z.string(), z.string())
const Envelope = z.object({
  [PROTOCOL_VERSION_META_KEY]: z.string().refine((revision) => revision >= firstRevision),
  [CLIENT_CAPABILITIES_META_KEY]: z.object({
    elicitation: z.object({ form: z.unknown().optional(), url: z.unknown().optional() }),
  }),
})

/** The user behind a request, for clients that speak `input_required` results and declared elicitation of forms. */
export function userOf({ envelope, inputResponses }: ServerContext['mcpReq']): User {
  const declared = Envelope.safeParse(envelope).data?.[CLIENT_CAPABILITIES_META_KEY].elicitation
  // A declaration without a mode means forms.
  const takesForms = declared !== undefined && (declared.form !== undefined || declared.url === undefined)
  const answers = acceptedContent(inputResponses, questionKey, Answers)
  const declined = inputResponses !== undefined && answers === undefined
  return {
    answers: answers ?? {},
    ask: (message, selections) => {
      if (!takesForms || declined) return
      throw new QuestionSignal(
        inputRequired.elicit({ message: cleanLine(message, 500), requestedSchema: form(selections) }),
      )
    },
  }
}

function form(selections: Readonly<Record<string, Selection>>) {
  const properties = Object.entries(selections).map(([name, { title, options }]) => {
    const oneOf = options.map((option) => ({ const: option.value, title: cleanLine(option.title) }))
    return [name, { type: 'string' as const, title: cleanLine(title, 100), oneOf }] as const
  })
  return { type: 'object' as const, properties: Object.fromEntries(properties), required: Object.keys(selections) }
}

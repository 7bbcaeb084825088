import type { Question } from '../../../src/semantic/question.ts'

/** The smallest question found for which this still holds: parts are left out as long as it does. */
export async function shrinkQuestion(
  question: Question,
  holds: (smaller: Question) => Promise<boolean>,
): Promise<Question> {
  for (const smaller of smallerQuestions(question)) {
    if (await holds(smaller)) return shrinkQuestion(smaller, holds)
  }
  return question
}

function smallerQuestions(question: Question): readonly Question[] {
  const { where, from, to, limit, timeZone, metrics, by, order } = question
  const given = { where, from, to, limit, timeZone }
  const optional = Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [key]))
  return [
    ...optional.map((key): Question => ({ ...question, [key]: undefined })),
    ...without(order).map((fewer): Question => ({ ...question, order: fewer })),
    ...(metrics.length > 1 ? without(metrics).map((fewer): Question => ({ ...question, metrics: fewer })) : []),
    ...without(by).map((fewer): Question => ({ ...question, by: fewer })),
  ]
}

const without = (items: readonly string[]): readonly (readonly string[])[] =>
  items.map((_, index) => items.toSpliced(index, 1))

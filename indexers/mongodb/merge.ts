/** What several streams yield, as it comes; one that waits keeps none of the others back. Each is asked again only when its last item was taken. */
export async function* merge<Item>(streams: readonly AsyncGenerator<Item>[]): AsyncGenerator<Item> {
  const arrived: { readonly stream: AsyncGenerator<Item>; readonly next: Promise<IteratorResult<Item>> }[] = []
  let wake = Promise.withResolvers<void>()
  const ask = (stream: AsyncGenerator<Item>): void => {
    const next = stream.next()
    const arrive = (): void => {
      arrived.push({ stream, next })
      wake.resolve()
    }
    next.then(arrive, arrive)
  }
  for (const stream of streams) ask(stream)
  for (let open = streams.length; open > 0;) {
    const first = arrived.shift()
    if (first === undefined) {
      await wake.promise
      wake = Promise.withResolvers()
      continue
    }
    const { done, value } = await first.next
    if (done === true) open -= 1
    else {
      yield value
      ask(first.stream)
    }
  }
}

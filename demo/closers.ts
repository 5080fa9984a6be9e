/** What has to be taken down at the end, in the order it was started. */
export type Closers = (() => unknown)[]

/** Takes down what was started, last first. Throws the first error after having tried all. */
export async function closeAll(closers: Closers): Promise<void> {
  const errors: unknown[] = []
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
    try {
      await close()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

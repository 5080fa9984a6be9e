/** Which subjects receivers have to change, after two persons became one or one became two. */

export type SubjectReason = 'merged' | 'split'

/** A receiver and the subject it knows a person by. */
export interface KnownSubject {
  subscription_id: string
  subject: string
}

/**
 * For each receiver the subjects it does not know yet, or no longer. Merged: who was known by a subject that is nobody's
 * now is known by the one that is left. Split: the subject that was both's now is one's, and the other is known by a new
 * one. A receiver that knew nobody before hears nothing.
 */
export function changedSubjects<Known extends KnownSubject>(change: {
  reason: SubjectReason
  before: readonly Known[]
  after: readonly Known[]
}): { receiver: Known; newSubject: string }[] {
  const { reason, before, after } = change
  const pairs = before.flatMap((old) =>
    after
      .filter((each) => each.subscription_id === old.subscription_id)
      .map((each) => ({ receiver: old, newSubject: each.subject })),
  )
  const has = (list: readonly Known[], subscription: string, subject: string) =>
    list.some((each) => each.subscription_id === subscription && each.subject === subject)
  return pairs.filter(({ receiver, newSubject }) =>
    reason === 'merged'
      ? !has(after, receiver.subscription_id, receiver.subject)
      : !has(before, receiver.subscription_id, newSubject),
  )
}

import { expect, test } from 'vitest'
import {
  EVENT_TYPES,
  type EventContent,
  type EventType,
  securityEventClaims,
  webhookBody,
} from '../../src/domain/event.ts'
import type { IsoInstant } from '../../src/domain/time.ts'

const ISSUER = 'https://bridge.example/t/demo'
const AT = '2026-02-02T02:40:00.000Z' as IsoInstant
const TIME = Date.parse(AT) / 1000
const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/credential-change'
const RISC = 'https://schemas.openid.net/secevent/risc/event-type'
const changed = (change_type: string) => ({
  [CAEP]: { credential_type: 'verifiable-credential', change_type, event_timestamp: TIME },
})

function contentOf(type: EventType): EventContent {
  const told = { subject: 's', occurredAt: AT }
  if (type === 'binding_expiring') return { type, endsAt: AT, ...told }
  if (type === 'subject_changed') return { type, reason: 'merged', newSubject: 'n', ...told }
  return { type, ...told }
}

const TOLD: Record<EventType, { events: object; data?: object }> = {
  binding_created: { events: changed('create') },
  binding_updated: { events: changed('update') },
  binding_removed: { events: changed('delete') },
  binding_expiring: {
    events: { 'urn:identity-bridge:event-type:binding-expiring': { ends_at: AT } },
    data: { ends_at: AT },
  },
  subject_changed: {
    events: {
      'urn:identity-bridge:event-type:subject-changed': { reason: 'merged', new_subject: 'n' },
    },
    data: { reason: 'merged', new_subject: 'n' },
  },
  identity_restricted: { events: { [`${RISC}/account-disabled`]: {} } },
  restriction_lifted: { events: { [`${RISC}/account-enabled`]: {} } },
  identity_erased: { events: { [`${RISC}/account-purged`]: {} } },
}

test.each(EVENT_TYPES)(
  'item 9 %s: as a Security Event Token (RFC 8417, RFC 9493) and as a webhook',
  (type) => {
    const { events, data = {} } = TOLD[type]
    expect(securityEventClaims(ISSUER, contentOf(type))).toEqual({
      ...{ sub_id: { format: 'iss_sub', iss: ISSUER, sub: 's' }, toe: TIME, events },
    })
    expect(JSON.parse(webhookBody(contentOf(type)))).toEqual({
      ...{ type, timestamp: AT, data: { subject: 's', ...data } },
    })
  },
)

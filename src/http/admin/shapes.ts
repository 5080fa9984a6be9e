/**
 * What the administration reads and answers, as schemas with names: the code reads bodies with them, and the OpenAPI
 * document holds them as components. Members are spelled as OpenID spells them where it has a word.
 */
import { z } from 'zod'
import { AttributePolicy } from '../../domain/attributes.ts'
import { DcqlQuery } from '../../domain/dcql.ts'
import { MaterialPolicy } from '../../domain/material.ts'
import { SelectorPolicy } from '../../domain/selector.ts'
import type { JsonObject } from '../../domain/text.ts'
import { TrustPolicy } from '../../domain/trust-policy.ts'
import { DATA_SHAPES } from '../data/shapes.ts'
import {
  AuthorizationServer,
  AuthorizationServerList,
  CreatedRegistrationToken,
  NewAuthorizationServer,
  NewRegistrationToken,
  RegistrationToken,
  RegistrationTokenList,
} from './authorization-server-shapes.ts'
import { TokenContract, TokenContractRecording } from './contract-shapes.ts'
import {
  BulkErasure,
  BulkErasureList,
  Erasure,
  ErasurePolicy,
  ErasureRequest,
  IdentifierErasureRequest,
  NamedIdentifier,
  NewBulkErasure,
} from './erasure-shapes.ts'
import {
  EventDelivery,
  EventDeliveryList,
  EventSubscription,
  EventSubscriptionChange,
  EventSubscriptionList,
  EventSubscriptionWithSecret,
  NewEventSubscription,
} from './event-shapes.ts'
import {
  ConsentList,
  FoundIdentity,
  Identity,
  Merge,
  NewMerge,
  Nothing,
  PersonExport,
  UnlinkRequest,
} from './identity-shapes.ts'
import { Job, JobList } from './job-shapes.ts'
import {
  KeyForecast,
  KeyMigration,
  KeyMigrationList,
  NewKeyMigration,
} from './key-migration-shapes.ts'
import {
  POLICY_SHAPES,
  Policy,
  PolicyCheck,
  PolicyComparison,
  PolicyDifference,
  PolicyDocument,
  PolicyDraft,
  PolicyDraftList,
  PolicyExplanation,
  PolicyFinding,
  PolicyHistory,
  PolicyPlan,
  PolicyPublication,
  PolicyRestoration,
  PolicyTrial,
  PolicyVerdict,
  PolicyVersion,
  PublishedPolicies,
  PublishedPolicy,
  RecordedLogin,
  UnjudgedDocument,
} from './policy-shapes.ts'
import {
  MappingPreview,
  MappingSample,
  NewProvider,
  NewProviderTest,
  Provider,
  ProviderChange,
  ProviderList,
  ProviderTest,
} from './provider-shapes.ts'
import {
  AdminToken,
  AdminTokenList,
  AuditCheckpointList,
  AuditEvent,
  AuditEventList,
  CreatedAdminToken,
  NewAdminToken,
} from './record-shapes.ts'
import {
  Expiry,
  ExpiryCalendar,
  NewRegistrationCertificate,
  RegistrationCertificate,
  RegistrationCertificateList,
  TrustAnswerState,
  TrustAnswerStates,
  TrustedListState,
  TrustedListStates,
} from './registration-shapes.ts'
import {
  NewRelyingParty,
  RelyingParty,
  RelyingPartyChange,
  RelyingPartyList,
  RelyingPartyWithSecret,
} from './relying-party-shapes.ts'
import {
  ProcessingRecord,
  RetentionEntry,
  RetentionPlan,
  RetentionRule,
  RetentionTable,
  RetentionTrial,
} from './retention-shapes.ts'
import {
  PublishedSigningKey,
  SigningKey,
  SigningKeyList,
  SigningKeyRotation,
} from './signing-key-shapes.ts'
import {
  NewTenant,
  RequestCertificate,
  RequestIdentity,
  RequestIdentityChoice,
  Tenant,
  TenantChange,
  TenantList,
  TenantSummary,
} from './tenant-shapes.ts'

/** Every shape by the name it has in the OpenAPI document. */
export const SHAPES = {
  ...{
    NewTenant,
    TenantChange,
    Tenant,
    TenantSummary,
    TenantList,
    RequestIdentity,
    RequestIdentityChoice,
    RequestCertificate,
  },
  ...{
    NewRelyingParty,
    RelyingPartyChange,
    RelyingParty,
    RelyingPartyWithSecret,
    RelyingPartyList,
    TokenContract,
    TokenContractRecording,
  },
  ...{ NewRegistrationCertificate, RegistrationCertificate, RegistrationCertificateList },
  ...{
    Expiry,
    ExpiryCalendar,
    TrustAnswerState,
    TrustAnswerStates,
    TrustedListState,
    TrustedListStates,
  },
  ...{ SigningKey, SigningKeyList, SigningKeyRotation, PublishedSigningKey },
  ...{ NewKeyMigration, KeyMigration, KeyMigrationList, KeyForecast },
  ...{
    NewRegistrationToken,
    CreatedRegistrationToken,
    RegistrationToken,
    RegistrationTokenList,
  },
  ...{ NewAuthorizationServer, AuthorizationServer, AuthorizationServerList },
  ...{ NewEventSubscription, EventSubscriptionChange, EventSubscription, EventSubscriptionList },
  ...{ EventSubscriptionWithSecret, EventDelivery, EventDeliveryList },
  ...{ NewProvider, ProviderChange, Provider, ProviderList },
  ...{ MappingSample, MappingPreview, NewProviderTest, ProviderTest },
  ...{ PolicyDocument, PublishedPolicy, PolicyVersion, Policy, PolicyHistory },
  ...{ PolicyDraft, PolicyDraftList, PolicyCheck, PolicyFinding, PolicyVerdict },
  ...{ RecordedLogin, PolicyTrial, PolicyPlan, PolicyExplanation },
  ...{ PolicyComparison, PolicyDifference },
  ...{ PublishedPolicies, PolicyPublication, PolicyRestoration, UnjudgedDocument },
  ...{ NewAdminToken, CreatedAdminToken, AdminToken, AdminTokenList },
  ...{ AuditEvent, AuditCheckpointList, AuditEventList },
  ...{ Job, JobList },
  ...{ RetentionRule, RetentionEntry, RetentionTable, RetentionTrial, RetentionPlan },
  ...{ ProcessingRecord },
  ...DATA_SHAPES,
  ...{ ErasurePolicy, NewBulkErasure, BulkErasure, BulkErasureList },
  ...{ Erasure, ErasureRequest, IdentifierErasureRequest, NamedIdentifier },
  ...{
    ConsentList,
    FoundIdentity,
    Identity,
    UnlinkRequest,
    NewMerge,
    Merge,
    Nothing,
    PersonExport,
  },
}
export type ShapeName = keyof typeof SHAPES
export type Shape<Name extends ShapeName> = (typeof SHAPES)[Name]
/** What a body of this shape is once it was read. */
export type Body<Name extends ShapeName> = z.output<Shape<Name>>

const DOCUMENTS = { TrustPolicy, DcqlQuery, AttributePolicy, MaterialPolicy, SelectorPolicy }

function reference(name: string): string {
  return `#/components/schemas/${name}`
}

/** A reference to the component of this name. */
export function describeShape(name: ShapeName): JsonObject {
  return { $ref: reference(name) }
}

/** Every shape as JSON Schema (2020-12, as OpenAPI 3.1 has it), by name, referring to one another. */
export function describeShapes(): { readonly [name: string]: JsonObject } {
  const registry = z.registry<{ id: string }>()
  for (const [id, shape] of Object.entries({ ...SHAPES, ...DOCUMENTS })) registry.add(shape, { id })
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    uri: reference,
    override({ zodSchema, jsonSchema }) {
      const component = z.globalRegistry.get(zodSchema)?.component
      if (typeof component !== 'string') return
      delete jsonSchema.component
      jsonSchema.$ref = reference(component)
    },
  })
  const plain = JSON.parse(JSON.stringify(schemas)) as { [name: string]: JsonObject }
  const described = Object.entries(plain).map(([name, { $schema: _, $id: __, ...schema }]) => [
    name,
    schema,
  ])
  const anyPolicy = Object.values(POLICY_SHAPES).map((name) => ({ $ref: reference(name) }))
  return {
    ...(Object.fromEntries(described) as { [name: string]: JsonObject }),
    PolicyDocument: { description: 'The document of the kind in the path.', anyOf: anyPolicy },
  }
}

/** Published keys for one's own machine. They protect nothing, which is why their words say so and production refuses them. */
import { createHash } from 'node:crypto'

/** The keyring text of the words `development-keys-that-protect-nothing`: the same for everybody. */
export function developmentKeyringText(): string {
  const keys = (['A', 'B', 'C'] as const).map((key) => ({
    ...{ key, version: 1, state: 'current' },
    secret: createHash('sha256')
      .update(`identity-bridge development key ${key} 1`)
      .digest('base64url'),
  }))
  return JSON.stringify({ keys })
}

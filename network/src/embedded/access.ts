/** Who may read and write the channel: signatures first, then the policies of its configuration. */
import { EmbeddedError } from './errors.ts';
import type { Identity, MspRegistry } from './msp.ts';
import type { Policy } from './policies.ts';

export interface SignedRequest {
  readonly creator: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

export interface AccessOptions {
  readonly registry: MspRegistry;
  readonly readers: Policy;
  readonly writers: Policy;
  readonly clock: () => Date;
}

export class ChannelAccess {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** @throws {@link IdentityError} unless the request was signed by a member whose certificate is in force. */
  authenticate({ creator, message, signature }: SignedRequest): Identity {
    const identity = this.#options.registry.admit(creator, this.#options.clock());
    identity.assertSigned(message, signature);
    return identity;
  }

  isWriter(identity: Identity): boolean {
    return this.#options.writers([identity]);
  }

  /** @throws {@link EmbeddedError} ACCESS_DENIED */
  assertWriter(identity: Identity): void {
    assertAllowed(this.#options.writers, identity, 'write to');
  }

  /** @throws {@link EmbeddedError} ACCESS_DENIED */
  assertReader(identity: Identity): void {
    assertAllowed(this.#options.readers, identity, 'read');
  }
}

function assertAllowed(policy: Policy, identity: Identity, right: string): void {
  if (!policy([identity])) {
    throw new EmbeddedError(
      'ACCESS_DENIED',
      `access denied: a ${identity.role} of ${identity.mspId} may not ${right} this channel`,
    );
  }
}

/** The clients of a city's ledger: one for each identity, however many parts of the city work under it. */
import type { Closers } from '../../closers.ts';
import type { Ledger } from '../../ledger/index.ts';

/** A ledger client and the certificate it signs under, PEM. */
export interface Member {
  readonly ledger: Ledger;
  readonly certificate: string;
}

export type Role = 'admin' | 'client';

/** See the module comment. */
export class Members {
  readonly #open: (mspId: string, name: string, role: Role) => Promise<Member>;
  readonly #closers: Closers;
  readonly #members = new Map<string, Promise<Member>>();

  /** @param closers close what `open` gave */
  constructor(
    open: (mspId: string, name: string, role: Role) => Promise<Member>,
    closers: Closers,
  ) {
    this.#open = open;
    this.#closers = closers;
  }

  /** One that could not be opened is tried anew. */
  connect(mspId: string, name: string, role: Role): Promise<Member> {
    const id = `${mspId} ${name} ${role}`;
    const known = this.#members.get(id) ?? this.#connect(id, () => this.#open(mspId, name, role));
    this.#members.set(id, known);
    return known;
  }

  async #connect(id: string, open: () => Promise<Member>): Promise<Member> {
    try {
      const member = await open();
      this.#closers.add(() => member.ledger.close());
      return member;
    } catch (error) {
      this.#members.delete(id);
      throw error;
    }
  }
}

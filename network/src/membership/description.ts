/** The organisations that a network is started with. */
import { MembershipError } from './errors.ts';

export interface OrganisationDescription {
  /** Short name, such as `northlight`. */
  readonly name: string;
  readonly mspId: string;
  /** Such as `northlight.example`. */
  readonly domain: string;
}

function invalid(message: string): MembershipError {
  return new MembershipError('OPTIONS_INVALID', message);
}

function assertUnique(what: string, values: readonly string[]): void {
  if (new Set(values).size < values.length) {
    throw invalid(`"organisations" expected different ${what}, got ${values.join(', ')}`);
  }
}

/** @throws {@link MembershipError} OPTIONS_INVALID when there are none or too many, or two share a name, an MSP id or a domain. */
export function assertOrganisations(organisations: readonly OrganisationDescription[]): void {
  if (organisations.length === 0 || organisations.length > 32) {
    throw invalid(`"organisations" expected 1 to 32, got ${organisations.length}`);
  }
  assertUnique(
    'names',
    organisations.map(({ name }) => name),
  );
  assertUnique(
    'MSP ids',
    organisations.map(({ mspId }) => mspId),
  );
  assertUnique(
    'domains',
    organisations.map(({ domain }) => domain),
  );
}

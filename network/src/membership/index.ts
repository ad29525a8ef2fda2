/**
 * Who belongs to a network and how it is reached: organisations with their own authorities, keys and folders as Fabric's
 * administrators know them, ports, connection profiles. It hides how certificates are made and where they are kept, alike for
 * every engine.
 */
export type { KeyedCertificate } from './authority.ts';
export {
  newConnectionProfile,
  newDiscoveryProfile,
  writeConnectionProfiles,
  type ConnectionProfile,
  type DiscoveryProfile,
  type ProfileNetwork,
  type ProfileNode,
} from './connection-profile.ts';
export { assertOrganisations, type OrganisationDescription } from './description.ts';
export { lockDirectory } from './directory-lock.ts';
export { MembershipError, type MembershipErrorCode } from './errors.ts';
export { IdentityError, type IdentityErrorCode } from './identity-errors.ts';
export type { Role } from './member-certificate.ts';
export { Organisation, type NodeMaterial, type OrganisationOptions } from './organisation.ts';
export { assignPorts, type Ports } from './ports.ts';
export { newSigner, type Credentials, type Signer } from './signer.ts';

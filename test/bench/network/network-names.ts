/** What the networks that are measured have in common. */
export const NAMES = ['northlight', 'helios', 'meridian'];
export const CHANNEL = 'city';
export const CHAINCODE = 'features';

export const mspIdOf = (name: string): string =>
  `${name.charAt(0).toUpperCase()}${name.slice(1)}MSP`;

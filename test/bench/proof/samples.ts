/** One proof as a device gets it, with all that it is verified against. */
export interface Sample {
  readonly proofs: Uint8Array;
  readonly challenge: Uint8Array;
  readonly model: string;
  readonly pin: { readonly channel: string; readonly chaincode: string };
  /** The validator set that the device knows, encoded. */
  readonly set: Uint8Array;
}

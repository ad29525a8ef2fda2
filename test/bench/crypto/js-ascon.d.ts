/** js-ascon brings no types; this is the part that is measured against. */
declare module 'js-ascon' {
  const ascon: {
    encrypt(
      key: Uint8Array,
      nonce: Uint8Array,
      associatedData: Uint8Array,
      plaintext: Uint8Array,
      variant?: 'Ascon-AEAD128',
    ): Uint8Array;
  };
  export default ascon;
}

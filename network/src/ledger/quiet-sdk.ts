/**
 * Silences the Fabric SDK's logger. Must be the first import of whatever imports `fabric-network`: the SDK looks for
 * `global.hfc.logger` while it loads, and its own (winston) costs a fifth of a submit even when it prints nothing.
 * Nothing is lost: every failure that it logs is also thrown, and reported here as a LedgerError.
 */
const silence = (): void => undefined;

interface SdkGlobal {
  hfc?: { logger?: unknown };
}

const sdk = globalThis as SdkGlobal;
sdk.hfc ??= {};
sdk.hfc.logger ??= { debug: silence, info: silence, warn: silence, error: silence };

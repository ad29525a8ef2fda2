/** Where a vendor node says what nobody waits for; pino fits. Facts never hold a secret. */
export interface VendorLogger {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
}

export const silentLogger: VendorLogger = {
  info: () => undefined,
  warn: () => undefined,
};

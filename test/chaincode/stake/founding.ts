/** How stake starts in tests: 45, 30 and 25 of 100 shares. */
export const MSPS = {
  northlight: 'NorthlightMSP',
  helios: 'HeliosMSP',
  meridian: 'MeridianMSP',
} as const;

export const FOUNDING = {
  epochSeconds: 60,
  threshold: { num: '1', den: '2' },
  cap: { num: '1', den: '2' },
  organisations: [
    { mspId: MSPS.northlight, shares: '45' },
    { mspId: MSPS.helios, shares: '30' },
    { mspId: MSPS.meridian, shares: '25' },
  ],
};

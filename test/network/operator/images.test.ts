import { hubImage, sequenceOf, tamper } from '../../../network/src/operator/city/images.ts';
import { VENDORS } from '../../../network/src/operator/city/plan.ts';

describe('the firmware of the demonstration', () => {
  const models = VENDORS.flatMap((vendor) => vendor.models);

  it.each(models.map((model) => [model.id, model] as const))(
    '%s has two releases that fit its slot',
    (_, model) => {
      const factory = hubImage(model.archive, '7.27.0');
      const update = hubImage(model.archive, '7.28.0');
      expect(update.sequence).toBeGreaterThan(factory.sequence);
      expect(Buffer.compare(factory.bytes, update.bytes)).not.toBe(0);
      expect(Math.max(factory.bytes.length, update.bytes.length)).toBeLessThanOrEqual(
        model.slotBytes,
      );
      expect(factory.bytes.length).toBeGreaterThan(100_000);
    },
  );

  it('orders versions as numbers', () => {
    expect(sequenceOf('7.9.0')).toBeLessThan(sequenceOf('7.27.0'));
  });

  it('tampers with exactly one bit and leaves the original alone', () => {
    const image = Uint8Array.from([1, 2, 3, 4, 5]);
    const changed = tamper(image);
    expect([...image]).toEqual([1, 2, 3, 4, 5]);
    expect([...changed]).toEqual([1, 2, 2, 4, 5]);
  });

  it('says what to do when an archive is missing', () => {
    expect(() => hubImage('no-such-hub', '7.27.0')).toThrow(
      expect.objectContaining({ code: 'INSTALLATION_INCOMPLETE' }) as Error,
    );
  });
});

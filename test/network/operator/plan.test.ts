import { suiteFacts } from '@lamplighter/sdk/wire';
import {
  DEMO_INTERVALS,
  MANAGERS,
  planDevices,
  SHOWCASE,
  VENDORS,
} from '../../../network/src/operator/city/plan.ts';

describe('the plan of the demonstration', () => {
  const plans = planDevices(24);

  it('has a third of its devices lightweight and every id once', () => {
    expect(plans.filter((plan) => plan.model.kind === 'lightweight')).toHaveLength(8);
    expect(new Set(plans.map((plan) => plan.id)).size).toBe(24);
  });

  it.each(MANAGERS.map((manager) => manager.id))('gives %s devices of every vendor', (manager) => {
    const vendors = plans.filter((plan) => plan.manager === manager).map((plan) => plan.vendor);
    expect(new Set(vendors)).toEqual(new Set(VENDORS.map((vendor) => vendor.id)));
  });

  it('tampers with one end node and one lightweight node', () => {
    const tampered = plans.filter((plan) => plan.tampered);
    expect(tampered.map((plan) => plan.model.kind).sort()).toEqual(['end', 'lightweight']);
  });

  it.each([6, 7, 11, 12, 100])('does so with %i devices', (count) => {
    const tampered = planDevices(count).filter((plan) => plan.tampered);
    expect(tampered.map((plan) => plan.model.id).sort()).toEqual(['essential-hub', 'move-hub']);
  });

  it('shows each protocol on a model of the right kind, none of them tampered with', () => {
    const kindOf = (id: string): string | undefined =>
      VENDORS.flatMap((vendor) => vendor.models).find((model) => model.id === id)?.kind;
    expect(kindOf(SHOWCASE.onRequest)).toBe('end');
    expect(SHOWCASE.propagated.map(kindOf).sort()).toEqual(['end', 'lightweight']);
    const updated = new Set<string>([SHOWCASE.onRequest, ...SHOWCASE.propagated]);
    expect(plans.filter((plan) => plan.tampered && updated.has(plan.model.id))).toEqual([]);
  });

  it('has at least eight suites among its devices, each for its kind and none legacy', () => {
    expect(new Set(plans.map(({ suite }) => suite)).size).toBeGreaterThanOrEqual(8);
    for (const { suite, model } of plans) {
      expect(suiteFacts(suite)).toMatchObject({ legacy: false });
      expect(suiteFacts(suite)!.classes).toContain(model.kind === 'end' ? 0 : 1);
    }
  });

  it('keeps within the bounds of mon-set', () => {
    expect(DEMO_INTERVALS.fti).toBeGreaterThanOrEqual(10);
    expect(DEMO_INTERVALS.uti).toBeGreaterThanOrEqual(10);
  });

  it.each([0, 5, 2_001, 24.5, Number.NaN])('refuses %s devices', (count) => {
    expect(() => planDevices(count)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
    );
  });
});

import { type DeviceRow, renderTable } from '../../../network/src/operator/view/table.ts';

const NOW = Date.parse('2026-01-01T00:00:10Z');
const row = (id: string, status = 'normal'): DeviceRow => ({
  id,
  kind: 'end',
  vendor: 'northlight',
  manager: 'gateway-north',
  firmware: '7.27.0',
  status,
  lastSeen: NOW - 3_000,
  transaction: 'a'.repeat(64),
});
const limits = { columns: 200, lines: 40, colour: false, now: NOW };

describe('the table of devices', () => {
  it('has a head and a line a device', () => {
    expect(renderTable([row('prime-hub-01')], limits)).toEqual([
      'device        kind  vendor      manager        firmware  status  last seen  transaction',
      'prime-hub-01  end   northlight  gateway-north  7.27.0    normal  3 s ago    aaaaaaaaaaaa',
    ]);
  });

  it('shows what needs attention first when not all fit, and says how many are hidden', () => {
    const rows = [row('a'), row('b'), row('c', 'abnormal')];
    const lines = renderTable(rows, { ...limits, lines: 4 });
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain('abnormal');
    expect(lines[3]).toBe('… and 1 more devices');
  });

  it('never passes the width of the terminal', () => {
    for (const line of renderTable([row('a')], { ...limits, columns: 30 })) {
      expect(line.length).toBeLessThanOrEqual(30);
    }
  });

  it('colours the status only where colours are wanted', () => {
    const coloured = renderTable([row('a', 'abnormal')], { ...limits, colour: true });
    expect(coloured[1]).toContain('\u001B[31mabnormal\u001B[39m');
    expect(renderTable([row('a', 'abnormal')], limits).join('')).not.toContain('\u001B');
  });

  it('has a dash for a device that was never seen', () => {
    const lines = renderTable([{ ...row('a'), lastSeen: undefined }], limits);
    expect(lines[1]).toMatch(/normal\s+-\s/);
  });
});

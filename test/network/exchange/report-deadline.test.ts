import { silentReportWithin } from '../../../network/src/exchange/report-deadline.ts';

it.each([
  [10, 2, 57],
  [3_600, 600, 17_096],
  [2_592_000, 86_400, 10_920_968],
])('gives windows of FTI %i and RTI %i %i seconds', (fti, rti, seconds) => {
  expect(silentReportWithin({ fti, rti })).toBe(seconds);
});

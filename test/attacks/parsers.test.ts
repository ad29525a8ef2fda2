/** The parsers of proofs, in short; `npm run attacks -- parsers` gives each 100,000 inputs. */
import { fuzzParsers, parsers } from './parsers.ts';

describe('parsers of what a stolen node sends', () => {
  it('take their input or refuse it by code, whatever the bytes', () => {
    const rows = fuzzParsers(150, 8);
    expect(rows.map(({ parser }) => parser)).toEqual(Object.keys(parsers));
    const refusing = rows.filter(({ refused }) => Object.keys(refused).length > 0);
    // A signature and a whole response have verdicts, and refuse nothing.
    expect(refusing).toHaveLength(rows.length - 2);
  });
});

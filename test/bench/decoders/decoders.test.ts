import { CodedError } from '@lamplighter/sdk/wire';
import { decoders, fuzz, fuzzAll } from './decoders.ts';

it.each(decoders)('$name takes its samples', ({ decode, samples }) => {
  for (const sample of samples) expect(decode(sample)).toBeDefined();
});

it('no decoder does anything but to decode or to refuse with a code', () => {
  const results = [...fuzzAll(3_200, 1)];
  expect(results.map(({ failure }) => failure)).toEqual(decoders.map(() => undefined));
  expect(results.map(({ cases }) => cases)).toEqual(decoders.map(() => 200));
  // Changes are small enough that not all is refused, and large enough that much is.
  expect(results.every(({ rejects, cases }) => rejects > cases / 4 && rejects <= cases)).toBe(true);
});

it('sees a throw without a code, and says which case it was', () => {
  const decode = (bytes: Uint8Array): number => {
    if (bytes.length > 3) throw new TypeError('expected no such thing');
    throw new CodedError('SHORT', 'expected more');
  };
  const { failure } = fuzz({ name: 'false', decode, samples: [new Uint8Array(8)] }, 200, 1);
  expect(failure).toContain('TypeError: expected no such thing');
});

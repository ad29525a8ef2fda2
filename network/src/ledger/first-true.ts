/**
 * Waits for some of several to be enough.
 *
 * @returns when the condition holds after one of them has settled, or all have; at once when it holds already
 */
export function firstTrue(
  promises: readonly Promise<unknown>[],
  condition: () => boolean,
): Promise<void> {
  if (condition()) return Promise.resolve();
  return new Promise((resolve) => {
    let left = promises.length;
    const settled = (): void => {
      left -= 1;
      if (left === 0 || condition()) resolve();
    };
    if (left === 0) resolve();
    for (const promise of promises) promise.then(settled, settled);
  });
}

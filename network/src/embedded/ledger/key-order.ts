/** The order of keys: by their UTF-8 bytes, as LevelDB in a real peer has it. JavaScript's own order is by UTF-16 units. */

/** Moves surrogates above U+E000..U+FFFF, where their code points belong. */
function rank(unit: number): number {
  if (unit < 0xd800) {
    return unit;
  }
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** @returns negative, 0 or positive, as `Array.prototype.sort` wants it. */
export function compareKeys(left: string, right: string): number {
  if (left === right) {
    return 0;
  }
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = left.charCodeAt(index) - right.charCodeAt(index);
    if (difference !== 0) {
      return rank(left.charCodeAt(index)) - rank(right.charCodeAt(index));
    }
  }
  return left.length - right.length;
}

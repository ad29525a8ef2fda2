/** What the kill points came to, one row for each kind of point, and the table that is printed of them. */

/** A kind of point at which something is killed, and what came of it. */
export interface FaultRow {
  readonly component: 'ledger' | 'manager' | 'device' | 'fabric';
  readonly point: string;
  /** How often something was killed there. */
  readonly tries: number;
  /** What was acknowledged or stored, and is missing or half there. */
  readonly lost: number;
  /** What is there more than once, and numbers, counters and chain indices that were used again. */
  readonly doubled: number;
  /** Starts that failed, that were not back at work, or whose parts did not agree. */
  readonly unbootable: number;
  /** The longest time between two commits, where that was measured. */
  readonly gapSeconds?: number;
}

const COLUMNS = ['component', 'point', 'tries', 'lost', 'doubled', 'unbootable'] as const;
const GAP = 'longest gap s';

/** True when nothing was lost, doubled or unbootable, and something was tried at every point. */
export function isClean(rows: readonly FaultRow[]): boolean {
  const bad = rows.reduce((sum, row) => sum + row.lost + row.doubled + row.unbootable, 0);
  return rows.length > 0 && bad === 0 && rows.every(({ tries }) => tries > 0);
}

/** @returns lines of columns of equal width, numbers to the right. */
export function tableOf(rows: readonly FaultRow[]): string {
  const hasGaps = rows.some(({ gapSeconds }) => gapSeconds !== undefined);
  const headings: readonly string[] = hasGaps ? [...COLUMNS, GAP] : COLUMNS;
  const lines = [headings, ...rows.map(cellsOf)];
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const padded = lines.map((cells) =>
    cells.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column < 2 ? cell.padEnd(width) : cell.padStart(width);
    }),
  );
  return padded.map((cells) => cells.join('  ')).join('\n');
}

function cellsOf(row: FaultRow): readonly string[] {
  const cells = COLUMNS.map((name) => String(row[name]));
  return row.gapSeconds === undefined ? cells : [...cells, row.gapSeconds.toFixed(1)];
}

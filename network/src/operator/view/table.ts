/** The table of devices as lines of text: pure, so that it is the same on a terminal and in a test. */

export interface DeviceRow {
  readonly id: string;
  readonly kind: string;
  readonly vendor: string;
  readonly manager: string;
  /** Version text, with a mark while an update is under way. */
  readonly firmware: string;
  readonly status: string;
  /** Milliseconds since the epoch, undefined before the first round. */
  readonly lastSeen: number | undefined;
  /** Id of the transaction that recorded the status, or empty. */
  readonly transaction: string;
}

export interface TableLimits {
  /** Characters a line may have. */
  readonly columns: number;
  /** Lines the table may have, its head and a closing remark included. */
  readonly lines: number;
  readonly colour: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const HEAD = [
  'device',
  'kind',
  'vendor',
  'manager',
  'firmware',
  'status',
  'last seen',
  'transaction',
];
const SHOWN_OF_TRANSACTION = 12;
const GAP = '  ';

const COLOUR: Readonly<Record<string, number>> = {
  normal: 32,
  abnormal: 31,
  updating: 33,
  unreachable: 35,
  'clone-suspected': 31,
};

/** Renders what fits; the devices that need attention come first when not all fit. */
export function renderTable(rows: readonly DeviceRow[], limits: TableLimits): readonly string[] {
  const room = Math.max(1, limits.lines - 2);
  const shown = rows.length <= room ? rows : worstFirst(rows).slice(0, room);
  const cells = shown.map((row) => cellsOf(row, limits.now));
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const lines = [
    bold(layOut(HEAD, widths).slice(0, limits.columns), limits.colour),
    ...cells.map((line, index) =>
      paint(
        layOut(line, widths).slice(0, limits.columns),
        shown[index]?.status ?? '',
        limits.colour,
      ),
    ),
  ];
  const hidden = rows.length - shown.length;
  return hidden === 0 ? lines : [...lines, `… and ${hidden} more devices`];
}

function cellsOf(row: DeviceRow, now: number): readonly string[] {
  const seen =
    row.lastSeen === undefined
      ? '-'
      : `${Math.max(0, Math.round((now - row.lastSeen) / 1_000))} s ago`;
  const transaction = row.transaction.slice(0, SHOWN_OF_TRANSACTION);
  return [row.id, row.kind, row.vendor, row.manager, row.firmware, row.status, seen, transaction];
}

function worstFirst(rows: readonly DeviceRow[]): readonly DeviceRow[] {
  const rank = (row: DeviceRow): number => (row.status === 'normal' ? 1 : 0);
  return [...rows].sort((a, b) => rank(a) - rank(b));
}

function layOut(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join(GAP)
    .trimEnd();
}

function paint(line: string, status: string, colour: boolean): string {
  const code = COLOUR[status];
  if (!colour || code === undefined) return line;
  // Only the status word is coloured, so that the table reads well where colours are poor.
  return line.replace(`${GAP}${status}`, `${GAP}\u001B[${code}m${status}\u001B[39m`);
}

function bold(line: string, colour: boolean): string {
  return colour ? `\u001B[1m${line}\u001B[22m` : line;
}

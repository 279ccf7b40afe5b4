export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What one bench found. */
export interface Report {
  readonly title: string;
  readonly tables: readonly Table[];
  /** What should be reached and what was; told, never enforced. */
  readonly aims: readonly Aim[];
}

export interface Aim {
  readonly what: string;
  readonly aim: string;
  readonly measured: string;
}

export const formatRate = (perSecond: number): string => Math.round(perSecond).toLocaleString('en-US');
export const formatMs = (ms: number): string => ms.toFixed(ms < 10 ? 2 : 1);
export const formatRatio = (ratio: number): string => `${ratio.toFixed(2)}x`;
export const formatSpread = (spread: number): string => `±${(spread * 100).toFixed(1)}%`;

/** Markdown with aligned columns: readable as it is, and ready to be pasted into a document. */
export function formatReport({ title, tables, aims }: Report): string {
  const lines = [`## ${title}`, ''];
  for (const table of tables) lines.push(...formatTable(table), '');
  for (const { what, aim, measured } of aims) lines.push(`- ${what}: aim ${aim}, measured ${measured}`);
  return `${lines.join('\n').trimEnd()}\n`;
}

function formatTable({ columns, rows }: Table): string[] {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  // Names stand left, numbers right.
  const line = (cells: readonly string[]) =>
    `| ${widths
      .map((width, index) => (cells[index] ?? '')[index === 0 ? 'padEnd' : 'padStart'](width))
      .join(' | ')} |`;
  const rule = widths.map((width, index) => (index === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(columns), line(rule), ...rows.map(line)];
}

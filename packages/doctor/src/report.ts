import type { Finding } from '@romm-netplay/protocol';

const MARKS = { ok: 'ok  ', warning: 'warn', fault: 'FAIL', skipped: 'skip' } as const;
const MIN_WIDTH = 60;

/** A table for people: one line a finding, and below it what to change. */
export function reportOf(findings: readonly Finding[], columns = 100): string {
  const nameWidth = Math.max(...findings.map(({ check }) => check.length), 0);
  const indent = ' '.repeat(MARKS.ok.length + nameWidth + 4);
  const width = Math.max(columns - indent.length, MIN_WIDTH);
  const lines = findings.flatMap(({ check, status, what, fix }) => {
    const [first = '', ...rest] = wrap(what, width);
    return [
      `${MARKS[status]}  ${check.padEnd(nameWidth)}  ${first}`,
      ...rest.map((line) => `${indent}${line}`),
      ...(fix === undefined || status === 'ok'
        ? []
        : `-> ${fix}`
            .split('\n')
            .flatMap((line) => wrap(line, width))
            .map((line) => `${indent}${line}`)),
    ];
  });
  return `${lines.join('\n')}\n\n${summaryOf(findings)}\n`;
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (status: Finding['status']) => findings.filter((each) => each.status === status).length;
  const [faults, warnings] = [count('fault'), count('warning')];
  if (faults + warnings === 0) return 'Nothing is wrong as far as can be seen from here.';
  const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
  return `${plural(faults, 'fault')}, ${plural(warnings, 'warning')}. docs/DOCTOR.md explains each check.`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

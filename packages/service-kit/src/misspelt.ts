/** A shorter name is too like others: HOST and HOME, PORT and POST. */
const LONG_ENOUGH = 8;
const MAX_EDITS = 2;
/** Of RomM and others who read the same file, and near to one of ours. */
const OTHERS = new Set(['REDIS_SSL', 'REDIS_URI', 'ROMM_PORT', 'ROMM_HOST']);

/**
 * A sentence for each variable that nobody reads and whose name is close to one that is read: who wrote ALLOWED_ORIGIN
 * would look for long. Says nothing of values.
 */
export function misspeltVariables(given: readonly string[], known: readonly string[]): string[] {
  const names = new Set(known);
  return given
    .filter((name) => !names.has(name) && !OTHERS.has(name) && name.length >= LONG_ENOUGH - MAX_EDITS)
    .flatMap((name) => {
      const meant = nearest(name.toUpperCase().replaceAll('-', '_'), known);
      return meant === undefined
        ? []
        : [`Nobody reads ${name}: it is probably misspelt, and ${meant} was meant.`];
    });
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const [closest] = known
    .filter((each) => each.length >= LONG_ENOUGH && Math.abs(each.length - name.length) <= MAX_EDITS)
    .map((each) => ({ each, edits: editsBetween(name, each) }))
    .filter(({ edits }) => edits <= MAX_EDITS)
    .sort((a, b) => a.edits - b.edits);
  return closest?.each;
}

/** How many signs have to be put in, taken out or changed, or two neighbours swapped, to make one of the other. */
function editsBetween(one: string, other: string): number {
  let before: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const [sign, meant] = [one[row - 1], other[column - 1]];
      const changed = (above[column - 1] ?? 0) + (sign === meant ? 0 : 1);
      const isSwapped = sign === other[column - 2] && one[row - 2] === meant;
      const swapped = isSwapped ? (before[column - 2] ?? 0) + 1 : Infinity;
      line.push(Math.min(changed, swapped, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    [before, above] = [above, line];
  }
  return above[other.length] ?? 0;
}

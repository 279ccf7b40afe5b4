/** Opcodes of the 6502 by instruction and addressing mode; those that the tests' program uses. */
const OPCODES: Readonly<Record<string, Readonly<Partial<Record<Mode, number>>>>> = {
  and: { immediate: 0x29 },
  asl: { zeroPage: 0x06 },
  bcc: { relative: 0x90 },
  beq: { relative: 0xf0 },
  bit: { absolute: 0x2c },
  bne: { relative: 0xd0 },
  bpl: { relative: 0x10 },
  cld: { implied: 0xd8 },
  cmp: { zeroPage: 0xc5 },
  dex: { implied: 0xca },
  dey: { implied: 0x88 },
  inc: { zeroPage: 0xe6 },
  inx: { implied: 0xe8 },
  jmp: { absolute: 0x4c },
  lda: { immediate: 0xa9, zeroPage: 0xa5, absolute: 0xad, absoluteX: 0xbd },
  ldx: { immediate: 0xa2 },
  ldy: { immediate: 0xa0 },
  lsr: { implied: 0x4a },
  ora: { zeroPage: 0x05 },
  rol: { zeroPage: 0x26 },
  rti: { implied: 0x40 },
  sei: { implied: 0x78 },
  sta: { zeroPage: 0x85, absolute: 0x8d },
  stx: { zeroPage: 0x86, absolute: 0x8e },
  tax: { implied: 0xaa },
  txs: { implied: 0x9a },
};

type Mode = 'implied' | 'immediate' | 'zeroPage' | 'absolute' | 'absoluteX' | 'relative';
const SIZES: Readonly<Record<Mode, number>> = {
  ...{ implied: 1, immediate: 2, zeroPage: 2, absolute: 3, absoluteX: 3, relative: 2 },
};

export interface Assembled {
  readonly code: Uint8Array;
  /** Where a label or name stands. @throws when the source has none of that name */
  addressOf(name: string): number;
}

interface Statement {
  readonly address: number;
  readonly line: string;
  readonly mode: Mode;
  readonly opcode: number;
  readonly operand: string;
}

/**
 * A 6502 assembler of the usual notation, one statement a line: `label:`, `name = $10`, `.byte $0f, $02`,
 * `lda #$40`, `sta name`, `lda table,x`, `bne label`; `;` begins a comment. Numbers are hexadecimal or decimal.
 *
 * @throws when it does not understand a line
 */
export function assemble(source: string, origin: number): Assembled {
  const names = new Map<string, number>();
  const statements: (Statement | { readonly bytes: readonly number[] })[] = [];
  let address = origin;

  const valueOf = (text: string): number => {
    const value = numberOf(text) ?? names.get(text);
    if (value === undefined) throw new Error(`Nothing is called ${text}.`);
    return value;
  };

  for (const written of source.split('\n')) {
    const [, label, line = ''] = /^(?:(\w+):)?\s*(.*?)\s*$/.exec(written.replace(/;.*/, '').trim())!;
    if (label !== undefined) names.set(label, address);
    if (line === '') continue;
    const [, name, value] = /^(\w+)\s*=\s*(\S+)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) {
      names.set(name, valueOf(value));
    } else if (line.startsWith('.byte')) {
      const bytes = line
        .slice('.byte'.length)
        .split(',')
        .map((text) => valueOf(text.trim()));
      statements.push({ bytes });
      address += bytes.length;
    } else {
      const statement = { address, line, ...parse(line, names) };
      statements.push(statement);
      address += SIZES[statement.mode];
    }
  }
  const code = statements.flatMap((statement) =>
    'bytes' in statement ? statement.bytes : encode(statement, valueOf),
  );
  return { code: Uint8Array.from(code), addressOf: valueOf };
}

function parse(
  line: string,
  names: ReadonlyMap<string, number>,
): Pick<Statement, 'mode' | 'opcode' | 'operand'> {
  const [, instruction = '', argument = ''] = /^(\w{3})(?:\s+(\S+))?$/.exec(line) ?? [];
  const opcodes = OPCODES[instruction] ?? {};
  const operand = argument.replace(/^#|,x$/g, '');
  // Labels further down are not known yet, but no code lies in the first page of memory.
  const value = numberOf(operand) ?? names.get(operand) ?? Infinity;
  const mode = modeOf(argument, opcodes.relative !== undefined, value < 0x100);
  const opcode = opcodes[mode];
  if (opcode === undefined) throw new Error(`Not understood: ${line}`);
  return { mode, opcode, operand };
}

function modeOf(argument: string, branches: boolean, isInFirstPage: boolean): Mode {
  if (argument === '') return 'implied';
  if (argument.startsWith('#')) return 'immediate';
  if (argument.endsWith(',x')) return 'absoluteX';
  if (branches) return 'relative';
  return isInFirstPage ? 'zeroPage' : 'absolute';
}

function encode(
  { address, line, mode, opcode, operand }: Statement,
  valueOf: (text: string) => number,
): number[] {
  if (mode === 'implied') return [opcode];
  const value = valueOf(operand);
  if (mode === 'absolute' || mode === 'absoluteX') return [opcode, value & 0xff, value >> 8];
  const byte = mode === 'relative' ? value - (address + SIZES.relative) : value;
  const [least, most] = mode === 'relative' ? [-0x80, 0x7f] : [0, 0xff];
  if (byte < least || byte > most) throw new Error(`Too far or too large: ${line}`);
  return [opcode, byte & 0xff];
}

function numberOf(text: string): number | undefined {
  if (/^\$[\da-f]+$/i.test(text)) return Number.parseInt(text.slice(1), 16);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

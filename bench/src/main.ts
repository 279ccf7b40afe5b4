import { cpus } from 'node:os';
import { benchConsume } from './consume.js';
import { benchDiscovery } from './discovery.js';
import { benchHttpVerify } from './http-verify.js';
import { benchJoinElsewhere } from './join-elsewhere.js';
import { benchLogins } from './logins.js';
import { benchMemory } from './memory.js';
import { benchMint } from './mint.js';
import { benchRelay } from './relay.js';
import { benchSocket } from './socket.js';
import { formatReport, type Report } from './table.js';
import { benchTokensHour } from './tokens-hour.js';
import { benchVerify } from './verify.js';

type Bench = (onRound: (done: number, total: number) => void) => Promise<Report>;

const BENCHES: Readonly<Record<string, Bench>> = {
  verify: benchVerify,
  mint: benchMint,
  consume: benchConsume,
  'http-verify': benchHttpVerify,
  socket: benchSocket,
  relay: benchRelay,
  discovery: benchDiscovery,
  'join-elsewhere': benchJoinElsewhere,
  logins: benchLogins,
  memory: benchMemory,
  // Last: it runs servers in this process, whose memory would weigh on the others.
  'tokens-hour': benchTokensHour,
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  process.stderr.write(
    `No such bench: ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}.\n`,
  );
  process.exitCode = 1;
} else {
  await runAll(names.length > 0 ? names : Object.keys(BENCHES));
}

async function runAll(chosen: readonly string[]): Promise<void> {
  const startedAt = performance.now();
  process.stdout.write(
    `${describeMachine()}\nRatios are medians over rounds taken in turn; absolute rates depend on the machine.\n\n`,
  );
  for (const name of chosen) {
    try {
      process.stdout.write(formatReport(await BENCHES[name]!(progressOf(name))));
      process.stdout.write('\n');
    } catch (error) {
      clearProgress();
      process.stderr.write(`${name} failed: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    }
  }
  process.stdout.write(`Took ${Math.round((performance.now() - startedAt) / 1000)} s.\n`);
}

function describeMachine(): string {
  const cores = cpus();
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, Node ${process.version}, ${cores.length} cores, ${cores[0]?.model.trim() ?? 'unknown CPU'}`;
}

/** On a terminal one line that is rewritten; elsewhere one line a bench. */
function progressOf(name: string) {
  if (!process.stderr.isTTY) process.stderr.write(`${name} ...\n`);
  return (done: number, total: number) => {
    if (!process.stderr.isTTY) return;
    if (done === total) clearProgress();
    else process.stderr.write(`\r${name} ${done}/${total}`);
  };
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

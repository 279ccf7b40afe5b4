/** Everything CI checks. Ends with `N passed, N failed`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, runQuietly } from './bootstrap.mjs';

const CHECKS = [
  ['Format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['Types', 'pnpm', ['--silent', 'typecheck']],
  ['Lint', 'eslint', ['.', '--max-warnings', '0']],
  ['Build', 'turbo', ['run', 'build', '--output-logs=errors-only', '--no-update-notifier']],
];

// Side by side: each of them leaves a core idle for half of its time.
console.log(`== ${CHECKS.map(([name]) => name).join(', ')}`);
const checked = await Promise.all(CHECKS.map(([, command, args]) => runQuietly(command, args)));
const broken = CHECKS.filter((_, i) => checked[i].status !== 0).map(([name]) => name);
for (const { status, output } of checked) if (status !== 0) console.log(output);
if (broken.length > 0) finish(0, broken.length, `Failed: ${broken.join(', ')}; the lines above say where.`);

console.log('== Tests');
const directory = mkdtempSync(join(tmpdir(), 'netplay-jest-'));
const outputFile = join(directory, 'results.json');
// A test that failed may leave a server open; it must not keep the run from ending.
const jest = [
  '--experimental-vm-modules',
  '--no-warnings=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];
// Many tests wait for processes they started; one at a time would leave a small machine idle.
const workers = ['--maxWorkers=2'];
const status = run(
  process.execPath,
  [...jest, ...workers, '--forceExit', '--json', `--outputFile=${outputFile}`, ...process.argv.slice(2)],
  {
    // Jest reports on standard error; its JSON goes to the file.
    stdio: ['ignore', 'ignore', 'inherit'],
  },
);
const results = readResults();
const brokenSuites = results.numRuntimeErrorTestSuites;
const failed = results.numFailedTests + brokenSuites;
if (results.numPendingTests > 0) console.log(`${results.numPendingTests} tests were skipped.`);
finish(results.numPassedTests, failed === 0 && status !== 0 ? 1 : failed);

function readResults() {
  try {
    return JSON.parse(readFileSync(outputFile, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, numRuntimeErrorTestSuites: 0, numPendingTests: 0 };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function finish(passed, failed, why) {
  if (why) console.log(why);
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
